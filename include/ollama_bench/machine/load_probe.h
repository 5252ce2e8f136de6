#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ollama_bench/core/sample.h"
#include "ollama_bench/machine/process_times.h"

namespace ollama_bench {

/// What happened on the machine in some time. CPU time in seconds.
struct MachineUse {
  double elapsed_s = 0;
  int cpus = 1;
  double server = 0;                        ///< by the server and its runners
  double others_user = 0;                   ///< by programs other than these and ourselves
  double others_system = 0;                 ///< by the kernel for them, or for nobody in particular
  std::optional<double> cpu_pressure_s;     ///< something waited for a CPU
  std::optional<double> memory_pressure_s;  ///< something waited for memory
};

/// CPUs that others keep busy from which on they count: a twentieth of the machine, 0.1 at least.
double MuchCpuUse(int cpus);

/// CPUs that others kept busy, as far as they are to blame.
double OthersCpus(const MachineUse& use);

/// What others keep busy all the time, of their use during the last samples: up to a fifth of
/// `cpus`; more is a disturbance however long it lasts. 0 for fewer than three samples.
double BackgroundCpus(std::span<const double> others_cpus, int cpus);

/// Whether others disturbed what the server did in that time, by more than the background. They did
/// not where the server hardly used a CPU, as with a model on GPUs, and where half of the CPUs were
/// free.
std::optional<Disturbance> FindDisturbance(const MachineUse& use, double background_cpus = 0);

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
/// and pressure (PSI), from two looks at /proc: before and after the run; nothing while it lasts.
class LoadProbe {
 public:
  /// `port` is the server's; `self` is our process.
  LoadProbe(int port, int self, std::filesystem::path proc = "/proc");

  /// Why it cannot see what disturbs the server, one line for a person; empty where it can.
  [[nodiscard]] std::string Gap() const { return gap_; }
  /// Right before a run.
  void Begin();
  /// Right after the run: how others disturbed it. Empty where they did not, or it is not known.
  std::optional<Disturbance> End();

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
