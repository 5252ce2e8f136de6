#include "ollama_bench/machine/disturbance_rule.h"

#include <algorithm>

#include "ollama_bench/core/median.h"

namespace ollama_bench {
namespace {

// The clocks count ticks of 10 ms, and programs end between two looks: on two CPUs with four
// programs for each the error was 0.05 s in 95 of 100 runs and 0.09 s in 99, however long they
// took.
constexpr double kLeastTime = 0.15;
constexpr double kLeastServerCpus = 0.1;
constexpr double kMuchMemoryPressure = 10;

std::optional<double> Percent(const std::optional<double>& seconds, double elapsed_s) {
  if (!seconds) return std::nullopt;
  return std::clamp(100 * *seconds / elapsed_s, 0.0, 100.0);
}

// A model too large for the memory keeps the kernel busy by itself.
bool IsMemoryShort(const MachineUse& use) {
  if (use.elapsed_s <= 0) return false;
  return Percent(use.memory_pressure_s, use.elapsed_s).value_or(0) >= kMuchMemoryPressure;
}

}  // namespace

double MuchCpuUse(int cpus) {
  return std::max(0.1, 0.05 * cpus);
}

double OthersCpus(const MachineUse& use) {
  const double others = use.others_user + (IsMemoryShort(use) ? 0 : use.others_system);
  return use.elapsed_s > 0 ? others / use.elapsed_s : 0;
}

double BackgroundCpus(std::span<const double> others_cpus, int cpus) {
  constexpr std::size_t kFewest = 3;
  constexpr double kMost = 0.2;
  if (others_cpus.size() < kFewest) return 0;
  const double median = Median({others_cpus.begin(), others_cpus.end()}).value_or(0);
  return std::clamp(median, 0.0, kMost * cpus);
}

std::optional<Disturbance> FindDisturbance(const MachineUse& use, double background_cpus) {
  if (use.elapsed_s <= 0) return std::nullopt;
  const auto memory_pressure = Percent(use.memory_pressure_s, use.elapsed_s);
  const bool is_memory_short = IsMemoryShort(use);
  const double others_cpus = OthersCpus(use);
  const double server_cpus = use.server / use.elapsed_s;
  const double more_cpus = others_cpus - background_cpus;
  if (more_cpus * use.elapsed_s < kLeastTime || more_cpus < MuchCpuUse(use.cpus)) {
    return std::nullopt;
  }
  if (server_cpus < kLeastServerCpus) return std::nullopt;
  // Of two logical CPUs that share a core, one is slowed down by what the other does.
  if (server_cpus + others_cpus <= 0.5 * use.cpus) return std::nullopt;
  return Disturbance{is_memory_short ? "memory" : "cpu", others_cpus,
                     Percent(use.cpu_pressure_s, use.elapsed_s), memory_pressure};
}

}  // namespace ollama_bench
