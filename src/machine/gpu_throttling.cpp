#include "ollama_bench/machine/gpu_throttling.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

#include "nvidia_smi.h"

namespace ollama_bench {
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
