#pragma once

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
  std::optional<Disturbance> End() override {
    if (always || disturbed_runs.contains(run_)) return kFound;
    return std::nullopt;
  }

  std::set<int> disturbed_runs;  ///< from 1, as they are watched
  bool always = false;

 private:
  int run_ = 0;
};

}  // namespace ollama_bench
