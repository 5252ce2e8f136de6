#include "ollama_bench/core/telemetry.h"

namespace ollama_bench {

std::optional<double> EnergyJoules(const Telemetry& telemetry) {
  std::optional<double> energy = telemetry.cpu_energy_j;
  for (const GpuTelemetry& gpu : telemetry.gpus) {
    if (gpu.energy_j) energy = energy.value_or(0) + *gpu.energy_j;
  }
  return energy;
}

}  // namespace ollama_bench
