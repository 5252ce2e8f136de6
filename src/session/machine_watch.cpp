#include "ollama_bench/session/machine_watch.h"

#include <fmt/format.h>

#include "ollama_bench/machine/conditions.h"

namespace ollama_bench {
namespace {

void AddLines(const std::vector<MachineCondition>& conditions, std::vector<std::string>& lines) {
  for (const MachineCondition& condition : conditions) {
    lines.push_back(fmt::format("{}; {}", condition.text, condition.remedy));
  }
}

}  // namespace

std::vector<std::string> MachineWatch::Begin(const StopRequest& stop) {
  std::vector<std::string> lines;
  AddLines(FindConditions(), lines);
  AddLines(FindGpuThrottling(runner_, stop), lines);
  slowdown_before_ = ReadGpuSlowdownTimes(runner_, stop);
  return lines;
}

std::vector<std::string> MachineWatch::End() {
  std::vector<std::string> lines;
  if (slowdown_before_.empty()) return lines;
  const StopRequest not_stopped;
  AddLines(GpuThrottlingBetween(slowdown_before_, ReadGpuSlowdownTimes(runner_, not_stopped)),
           lines);
  return lines;
}

}  // namespace ollama_bench
