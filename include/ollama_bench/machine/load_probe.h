#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/machine/disturbance_rule.h"
#include "ollama_bench/machine/process_times.h"
#include "ollama_bench/sweep/probe.h"

namespace ollama_bench {

/// What the system has counted up to a moment.
struct MachineClocks {
  std::int64_t uptime = 0;  ///< ticks
  int cpus = 0;
  CpuTicks busy;  ///< of all CPUs
  std::optional<double> cpu_pressure_s;
  std::optional<double> memory_pressure_s;
};

/// Empty where the system does not count (no /proc).
std::optional<MachineClocks> ReadMachineClocks(const std::filesystem::path& proc);

/// CPU use of the server's machine by programs other than the server, its runners and ourselves,
/// and pressure (PSI), from two looks at /proc: before and after the run. No thread, nothing while
/// the run lasts.
class LoadProbe : public Probe {
 public:
  /// `port` is the server's; `self` is our process.
  LoadProbe(int port, int self, std::filesystem::path proc = "/proc");

  [[nodiscard]] std::string Gap() const override { return gap_; }
  void Begin() override;
  std::optional<Disturbance> End() override;

 private:
  struct Look {
    MachineClocks clocks;
    ProcessTree server;
    ProcessTree ours;
  };
  std::optional<Look> TakeLook(const Look* earlier) const;
  [[nodiscard]] std::optional<MachineUse> UseSince(const Look& before, const Look& after) const;
  void FindServer();

  int port_;
  int self_;
  std::filesystem::path proc_;
  std::string gap_;
  std::optional<ProcessId> server_;
  std::optional<Look> before_;
  std::vector<double> others_cpus_;  ///< during the last samples
};

/// CPUs that programs other than ourselves keep busy between two calls; meant for a time in which
/// the server has nothing to do.
class IdleLoad {
 public:
  explicit IdleLoad(int self, std::filesystem::path proc = "/proc");

  /// Since the last call; empty at the first, and where the system does not count.
  std::optional<double> OthersCpus();
  [[nodiscard]] int cpus() const { return cpus_; }

 private:
  int self_;
  std::filesystem::path proc_;
  int cpus_ = 1;
  std::optional<MachineClocks> clocks_;
  ProcessTree ours_;
};

}  // namespace ollama_bench
