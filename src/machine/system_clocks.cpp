#include "system_clocks.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <string>
#include <string_view>

#include "system_file.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

// "cpu0 user nice system idle iowait irq softirq steal …"; a guest's time is within user.
std::optional<std::int64_t> BusyTicks(std::string_view line) {
  constexpr std::array kIsBusy = {true, true, true, false, false, true, true};
  std::int64_t busy = 0;
  std::size_t place = line.find(' ');
  for (std::size_t i = 0; i < kIsBusy.size(); ++i) {
    place = line.find_first_not_of(' ', std::min(place, line.size()));
    if (place == std::string_view::npos) return i > 3 ? std::optional(busy) : std::nullopt;
    const auto ticks = LeadingNumber(line.substr(place));
    if (!ticks) return std::nullopt;
    if (kIsBusy[i]) busy += *ticks;
    place = line.find(' ', place);
  }
  return busy;
}

// Of a line "Key:   1234 kB" that is not the first.
std::optional<std::int64_t> BytesAt(std::string_view text, std::string_view key) {
  const auto place = text.find(key);
  if (place == std::string_view::npos) return std::nullopt;
  const auto number = text.find_first_not_of(' ', place + key.size());
  if (number == std::string_view::npos) return std::nullopt;
  const auto kibibytes = LeadingNumber(text.substr(number));
  return kibibytes ? std::optional(*kibibytes * 1024) : std::nullopt;
}

}  // namespace

std::int64_t UptimeTicks(const fs::path& proc) {
  double uptime_s = 0;
  std::ifstream(proc / "uptime") >> uptime_s;
  return std::llround(uptime_s * kTicksPerSecond);
}

std::optional<CpuClocks> ReadCpuClocks(const fs::path& proc) {
  const std::string text = Contents(proc / "stat");
  std::string_view rest = text;
  CpuClocks clocks;
  bool is_first = true;
  while (rest.starts_with("cpu")) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const auto busy = BusyTicks(line);
    if (!busy) return std::nullopt;
    if (is_first) {
      clocks.all = *busy;
    } else {
      clocks.each.push_back(*busy);
    }
    is_first = false;
  }
  return clocks.each.empty() ? std::nullopt : std::optional(clocks);
}

MemoryState ReadMemoryState(const fs::path& proc) {
  const std::string text = Contents(proc / "meminfo");
  return {BytesAt(text, "\nMemAvailable:"), BytesAt(text, "\nCached:")};
}

}  // namespace ollama_bench
