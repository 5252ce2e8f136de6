#include "ollama_bench/machine/conditions.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>
#include <thread>

#include "nvidia_smi.h"
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

namespace {

namespace fs = std::filesystem;

// Of the CPUs: from here on a measurement shares them noticeably.
constexpr double kMuchLoad = 0.5;
// Per cent of the last ten seconds in which something waited for memory.
constexpr double kMuchPressure = 1.0;

void AddPower(const fs::path& sysfs, std::vector<MachineCondition>& found) {
  const PowerState power = ReadPowerState(sysfs);
  const bool is_steady =
      std::all_of(power.governors.begin(), power.governors.end(),
                  [](const std::string& governor) { return governor == "performance"; });
  if (!is_steady) {
    found.push_back(
        {"governor",
         fmt::format("the CPUs are governed by {}, so their speed changes with the load",
                     fmt::join(power.governors, ", ")),
         "sudo cpupower frequency-set --governor performance"});
  }
  if (power.on_battery) {
    found.push_back(
        {"battery", "the machine runs on its battery, which slows it down", "plug it in"});
  }
}

// "1.84 0.90 0.40 3/512 999": the mean of a minute, then what runs now, this process included. The
// mean alone would blame others for the sweep that ended a moment ago.
void AddLoad(const fs::path& proc, std::vector<MachineCondition>& found) {
  std::ifstream in(proc / "loadavg");
  double minute = 0;
  double longer = 0;
  double running = 0;
  if (!(in >> minute >> longer >> longer >> running)) return;
  const double cpus = std::max(1U, std::thread::hardware_concurrency());
  const double others = std::min(minute, running - 1.0);
  if (others < kMuchLoad * cpus) return;
  found.push_back({"load",
                   fmt::format("something else keeps {:.1f} of {:.0f} CPUs busy", others, cpus),
                   "see what with `top`, and measure when it has ended"});
}

// "some avg10=0.00 avg60=0.00 avg300=0.00 total=0"
void AddMemoryPressure(const fs::path& proc, std::vector<MachineCondition>& found) {
  std::ifstream in(proc / "pressure" / "memory");
  std::string line;
  double percent = 0;
  if (!std::getline(in, line) || !line.starts_with("some avg10=")) return;
  std::istringstream number(line.substr(line.find('=') + 1));
  if (!(number >> percent) || percent < kMuchPressure) return;
  found.push_back({"memory",
                   fmt::format("memory is short: {:.0f} % of the time something waits for it, as "
                               "when swapping",
                               percent),
                   "end what takes the memory, or sweep smaller contexts"});
}

}  // namespace

std::vector<MachineCondition> FindConditions(const fs::path& proc, const fs::path& sysfs) {
  std::vector<MachineCondition> found;
  AddPower(sysfs, found);
  AddLoad(proc, found);
  AddMemoryPressure(proc, found);
  return found;
}

namespace {

using std::chrono::microseconds;

// Bits of NVML's clocks event reasons.
constexpr std::int64_t kHardwareSlowdown = 0x08;  // heat or power supply, at half speed or less
constexpr std::int64_t kSoftwareThermal = 0x20;
constexpr std::int64_t kHardwareThermal = 0x40;
constexpr std::int64_t kPowerBrake = 0x80;

constexpr const char* kRemedy = "let it cool, and see to its fans, its power supply and the room";
constexpr std::chrono::seconds kNoticeable{1};

// Of 63 bits, so that differences fit.
std::optional<std::int64_t> Number(std::string_view text, int base) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || value < 0) return std::nullopt;
  return value;
}

std::string CardName(const std::string& index, const std::string& name) {
  return fmt::format("GPU {} ({})", index, name);
}

}  // namespace

std::vector<MachineCondition> FindGpuThrottling(ProcessRunner& runner, const StopRequest& stop) {
  std::vector<MachineCondition> found;
  // The name that old and new drivers know.
  const auto cards =
      AskNvidiaSmi({"index", "name", "clocks_throttle_reasons.active"}, runner, stop);
  for (const auto& card : cards) {
    std::string_view reasons = card[2];
    if (!reasons.starts_with("0x")) continue;
    reasons.remove_prefix(2);
    const std::int64_t bits = Number(reasons, 16).value_or(0);
    const bool is_hot = (bits & (kSoftwareThermal | kHardwareThermal)) != 0;
    if (!is_hot && (bits & (kHardwareSlowdown | kPowerBrake)) == 0) continue;
    found.push_back({"throttling",
                     fmt::format("{} is slowed down by {} now", CardName(card[0], card[1]),
                                 is_hot ? "its heat" : "its power supply"),
                     kRemedy});
  }
  return found;
}

GpuSlowdownTimes ReadGpuSlowdownTimes(ProcessRunner& runner, const StopRequest& stop) {
  GpuSlowdownTimes times;
  const auto cards =
      AskNvidiaSmi({"index", "name", "clocks_event_reasons_counters.sw_thermal_slowdown",
                    "clocks_event_reasons_counters.hw_thermal_slowdown",
                    "clocks_event_reasons_counters.hw_power_brake_slowdown"},
                   runner, stop);
  for (const auto& card : cards) {
    std::array<microseconds, 3> of_card{};
    bool is_counted = false;
    for (std::size_t i = 0; i < of_card.size(); ++i) {
      const auto counter = Number(card[2 + i], 10);
      is_counted = is_counted || counter.has_value();
      of_card[i] = microseconds(counter.value_or(0));
    }
    if (is_counted) times[CardName(card[0], card[1])] = of_card;
  }
  return times;
}

std::vector<MachineCondition> GpuThrottlingBetween(const GpuSlowdownTimes& before,
                                                   const GpuSlowdownTimes& after) {
  std::vector<MachineCondition> found;
  for (const auto& [card, now] : after) {
    const auto then = before.find(card);
    if (then == before.end()) continue;
    microseconds longest{0};  // the reasons may hold at the same time
    for (std::size_t i = 0; i < now.size(); ++i) {
      longest = std::max(longest, now[i] - then->second[i]);
    }
    if (longest < kNoticeable) continue;
    const double seconds = std::chrono::duration<double>(longest).count();
    found.push_back({"throttling",
                     fmt::format("{} was slowed down by heat or its power supply for {:.0f} s of "
                                 "this sweep",
                                 card, seconds),
                     kRemedy});
  }
  return found;
}

}  // namespace ollama_bench
