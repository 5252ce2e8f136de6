#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace ollama_bench {

/// What makes a machine's speed change by itself. Empty or false where the system does not report
/// it.
struct PowerState {
  std::vector<std::string> governors;  ///< of the CPUs, each once: "performance", "powersave"
  bool on_battery = false;             ///< a battery is being emptied
};

/// Reads it from `sysfs`.
PowerState ReadPowerState(const std::filesystem::path& sysfs = "/sys");

}  // namespace ollama_bench
