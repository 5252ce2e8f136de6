#pragma once

#include <optional>

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

/// Whether others disturbed what the server did in that time. They did not where the server hardly
/// used a CPU, as with a model on GPUs, and where half of the CPUs were free.
std::optional<Disturbance> FindDisturbance(const MachineUse& use);

}  // namespace ollama_bench
