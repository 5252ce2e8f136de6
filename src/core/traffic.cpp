#include "ollama_bench/core/traffic.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "ollama_bench/core/go_duration.h"
#include "ollama_bench/core/text.h"

namespace ollama_bench {
namespace {

constexpr std::array<std::pair<Arrival, std::string_view>, 2> kArrivals = {
    {{Arrival::kPoisson, "poisson"}, {Arrival::kConstant, "constant"}}};
constexpr std::array<std::pair<LatencyKind, std::string_view>, 3> kLatencies = {
    {{LatencyKind::kTtft, "ttft"}, {LatencyKind::kTpot, "tpot"}, {LatencyKind::kE2e, "e2e"}}};

// "ttft_p95=2s".
std::optional<Objective> ParseObjective(std::string_view text) {
  const std::size_t mark = text.find("_p");
  const std::size_t equals = text.find('=');
  if (mark == std::string_view::npos || equals == std::string_view::npos || equals < mark) {
    return std::nullopt;
  }
  const auto kind = std::find_if(kLatencies.begin(), kLatencies.end(), [&](const auto& known) {
    return known.second == text.substr(0, mark);
  });
  const std::string_view percent = text.substr(mark + 2, equals - mark - 2);
  const auto limit = ParseGoDuration(text.substr(equals + 1));
  Objective objective;
  const char* end = percent.data() + percent.size();
  const auto parsed = std::from_chars(percent.data(), end, objective.percent);
  const bool is_percent = parsed.ec == std::errc() && parsed.ptr == end && objective.percent >= 1 &&
                          objective.percent <= 99;
  if (kind == kLatencies.end() || !is_percent || !limit || limit->count() <= 0) return std::nullopt;
  objective.latency = kind->first;
  objective.limit = *limit;
  return objective;
}

}  // namespace

std::string_view KeyOf(Arrival arrival) {
  return kArrivals[static_cast<std::size_t>(arrival)].second;
}

std::optional<Arrival> ArrivalFromKey(std::string_view key) {
  for (const auto& [arrival, name] : kArrivals) {
    if (name == key) return arrival;
  }
  return std::nullopt;
}

std::string_view KeyOf(LatencyKind kind) {
  return kLatencies[static_cast<std::size_t>(kind)].second;
}

std::string FormatObjective(const Objective& objective) {
  const double milliseconds = std::chrono::duration<double, std::milli>(objective.limit).count();
  const std::string limit = milliseconds < 1000 ? fmt::format("{:g}ms", milliseconds)
                                                : fmt::format("{:g}s", milliseconds / 1000);
  return fmt::format("{}_p{}={}", KeyOf(objective.latency), objective.percent, limit);
}

std::optional<std::vector<Objective>> ParseObjectives(std::string_view text, std::string& problem) {
  std::vector<Objective> objectives;
  while (true) {
    const std::size_t comma = text.find(',');
    const std::string_view entry = Trim(text.substr(0, comma));
    const auto objective = ParseObjective(entry);
    if (!objective) {
      problem = fmt::format(
          "{} is no objective such as ttft_p95=2s (ttft, tpot or e2e; p1 to p99; a time)",
          entry.empty() ? "\"\"" : Printable(entry, false));
      return std::nullopt;
    }
    objectives.push_back(*objective);
    if (comma == std::string_view::npos) return objectives;
    text = text.substr(comma + 1);
  }
}

}  // namespace ollama_bench
