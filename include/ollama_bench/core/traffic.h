#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ollama_bench {

/// When the requests of a rate are sent.
enum class Arrival {
  kPoisson,   ///< at random and independently, as many people do
  kConstant,  ///< at equal distances
};
std::string_view KeyOf(Arrival arrival);
std::optional<Arrival> ArrivalFromKey(std::string_view key);

/// What an objective bounds, of a single request.
enum class LatencyKind { kTtft, kTpot, kE2e };
std::string_view KeyOf(LatencyKind kind);

/// A service level objective: this share of all requests has at most this latency. A request that
/// fails misses it.
struct Objective {
  LatencyKind latency = LatencyKind::kTtft;
  int percent = 95;  ///< 1 to 99
  std::chrono::nanoseconds limit{0};

  friend bool operator==(const Objective&, const Objective&) = default;
};
/// "ttft_p95=2s".
std::string FormatObjective(const Objective& objective);
/// Of a list such as "ttft_p95=2s,tpot_p50=100ms". Empty where `text` is none; then `problem` says
/// why.
std::optional<std::vector<Objective>> ParseObjectives(std::string_view text, std::string& problem);

/// How windows of load are measured, beside their level.
struct TrafficOptions {
  /// Of 72, the p95 has a 95 % interval of order statistics; of fewer it has none.
  static constexpr int kUsualRequests = 72;

  Arrival arrival = Arrival::kPoisson;
  int requests = kUsualRequests;                 ///< that a window counts at least
  std::optional<std::chrono::seconds> duration;  ///< of a window, in place of `requests`
  std::vector<Objective> objectives;
  /// The levels are those among which the highest is looked for that meets the objectives.
  bool searches_capacity = false;

  /// That a window of so many users counts at least. What is in flight at its ends blurs its
  /// throughput, the more the fewer completions there are of each user: there are twelve.
  [[nodiscard]] int RequestsOf(int users) const { return std::max(requests, 12 * users); }

  friend bool operator==(const TrafficOptions&, const TrafficOptions&) = default;
};

}  // namespace ollama_bench
