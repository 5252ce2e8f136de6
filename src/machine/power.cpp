#include "power.h"

#include <set>

#include "system_file.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

}  // namespace

PowerState ReadPowerState(const fs::path& sysfs) {
  PowerState state;
  std::error_code error;
  std::set<std::string> governors;
  for (const auto& cpu : fs::directory_iterator(sysfs / "devices/system/cpu", error)) {
    const std::string governor = FirstLine(cpu.path() / "cpufreq/scaling_governor");
    if (!governor.empty()) governors.insert(governor);
  }
  state.governors.assign(governors.begin(), governors.end());
  for (const auto& supply : fs::directory_iterator(sysfs / "class/power_supply", error)) {
    // A mouse has a battery as well; it says "Device".
    const bool of_machine = FirstLine(supply.path() / "scope") != "Device";
    const bool is_battery = FirstLine(supply.path() / "type") == "Battery";
    const bool emptied = FirstLine(supply.path() / "status") == "Discharging";
    if (of_machine && is_battery && emptied) state.on_battery = true;
  }
  return state;
}

}  // namespace ollama_bench
