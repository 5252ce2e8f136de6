#pragma once

#include <optional>
#include <span>

#include "ollama_bench/core/sample.h"

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

}  // namespace ollama_bench
