#pragma once

#include <array>
#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "ollama_bench/core/stop_request.h"
#include "ollama_bench/process/process_runner.h"

namespace ollama_bench {

/// What makes a machine's speed change by itself. Empty or false where the system does not report
/// it.
struct PowerState {
  std::vector<std::string> governors;  ///< of the CPUs, each once: "performance", "powersave"
  bool on_battery = false;             ///< a battery is being emptied
};

/// Reads it from `sysfs`.
PowerState ReadPowerState(const std::filesystem::path& sysfs = "/sys");

/// Something about this machine, now, that makes measurements wander.
struct MachineCondition {
  std::string topic;   ///< one or two words
  std::string text;    ///< one sentence
  std::string remedy;  ///< what to do; a command where there is one
};

/// Power-saving CPU governor, battery, other load, memory pressure; none of them on a quiet
/// machine. What the system does not report is passed over. The folders are parameters for tests.
std::vector<MachineCondition> FindConditions(const std::filesystem::path& proc = "/proc",
                                             const std::filesystem::path& sysfs = "/sys");

/// The NVIDIA cards that are slowed down right now by heat or by their power supply; a card that
/// merely keeps to its power limit is not, for under load that is usual.
std::vector<MachineCondition> FindGpuThrottling(ProcessRunner& runner, const StopRequest& stop);

/// For how long each card, by index and name, was slowed down since its driver was loaded, for each
/// of the three reasons: heat as seen by the driver, heat as seen by the card, power supply. Only
/// new drivers count it; with others there are no cards.
using GpuSlowdownTimes = std::map<std::string, std::array<std::chrono::microseconds, 3>>;
GpuSlowdownTimes ReadGpuSlowdownTimes(ProcessRunner& runner, const StopRequest& stop);

/// The cards that were slowed down for a second or more, for one reason, between the two readings.
std::vector<MachineCondition> GpuThrottlingBetween(const GpuSlowdownTimes& before,
                                                   const GpuSlowdownTimes& after);

}  // namespace ollama_bench
