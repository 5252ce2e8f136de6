#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "ollama_bench/sweep/probe.h"

namespace ollama_bench {

/// A machine that is disturbed when the test wants it to be.
class FakeProbe : public Probe {
 public:
  inline static const Disturbance kFound{"cpu", 1.4, 12.0, 0.5};

  [[nodiscard]] std::string Gap() const override { return {}; }
  void Begin() override { ++run_; }
  ProbeReport End() override {
    ProbeReport report = next;
    if (always || disturbed_runs.contains(run_)) report.disturbed = kFound;
    return report;
  }
  void Cancel() override { ++cancelled; }
  std::optional<std::int64_t> DiskBytesRead() override { return disk_bytes; }

  std::set<int> disturbed_runs;  ///< from 1, as they are watched
  bool always = false;
  ProbeReport next;  ///< of each run
  std::optional<std::int64_t> disk_bytes;
  int cancelled = 0;

 private:
  int run_ = 0;
};

}  // namespace ollama_bench
