#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/analysis/cell_estimate.h"
#include "ollama_bench/analysis/order_statistics.h"
#include "ollama_bench/core/cell.h"
#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/traffic.h"
#include "ollama_bench/core/window.h"

namespace ollama_bench {

/// What the levels of the cell's loop differ in: concurrency, or the rate of an open loop.
Parameter TrafficOf(const Cell& level);

/// The requests of each window, by the id of its sample.
using RequestsOfWindows = std::map<std::string, std::vector<RequestFigures>>;

/// Seconds from when the request was to be sent (TPOT: between its tokens); empty where it has
/// none.
std::optional<double> LatencyOf(const RequestFigures& request, LatencyKind kind);

/// A mean over windows with its 95 % confidence interval, which is empty where no level was
/// measured twice.
struct WindowMean {
  double value = 0;
  std::optional<Interval> interval;
};

/// Each is empty where the requests are too few to bound it.
struct Percentiles {
  std::optional<Quantile> p50;
  std::optional<Quantile> p95;
  std::optional<Quantile> p99;
};

/// Whether enough of a level's requests meet an objective, at 95 % confidence.
enum class ObjectiveState { kMet, kMissed, kUndecided };

struct ObjectiveResult {
  Objective objective;
  std::int64_t met = 0;
  std::int64_t requests = 0;
  ObjectiveState state = ObjectiveState::kUndecided;
};

/// What the windows of one level say, those left out that do not count.
struct LevelEstimate {
  Cell cell;
  std::size_t windows = 0;
  std::int64_t requests = 0;
  std::map<std::string, std::int64_t> failures;
  std::optional<WindowMean> output_tokens_per_s;
  std::optional<WindowMean> request_tokens_per_s;  ///< of one request, its wait included
  std::optional<WindowMean> requests_per_s;
  double mean_output_tokens = 0;  ///< of a request that did not fail
  double mean_e2e_s = 0;
  std::int64_t short_answers = 0;
  Percentiles ttft;
  Percentiles tpot;
  Percentiles e2e;  ///< from when a request was to be sent
  Percentiles queue_wait;
  std::vector<ObjectiveResult> objectives;
  std::int64_t met_all = 0;             ///< requests
  std::optional<double> goodput_per_s;  ///< requests that meet all objectives; empty without any
  /// False where one window fails a check, empty where it is unknown for one.
  WindowChecks checks;
  /// Of an open loop: fewer than 90 % as many requests were completed as were due.
  bool falls_behind = false;

  [[nodiscard]] std::int64_t Failed() const;
};

/// The largest concurrency that still raises the output throughput significantly.
struct Knee {
  int concurrency = 0;
  /// The largest that may raise it by another 5 %; empty where no larger one was measured and
  /// the last one measured still raised it.
  std::optional<int> high;
};

/// The highest level that is shown to meet every objective, by a fixed sequence from the lowest.
struct Capacity {
  std::optional<Cell> level;  ///< empty: not even the lowest is shown to
  std::optional<Cell> next;   ///< the level at which it ends; empty: there is no higher one
  ObjectiveState next_state = ObjectiveState::kUndecided;
};

/// The levels of one setting and request.
struct LoadSeries {
  Cell common;                        ///< what all its cells share
  std::vector<LevelEstimate> levels;  ///< ascending
  std::optional<Knee> knee;           ///< of two levels of concurrency or more
  std::optional<Capacity> capacity;   ///< where there are objectives
};

/// What load shows of a server. Intervals of means rest on the differences between windows of one
/// level, pooled over the levels of a series on the log scale, and on what the answers in work at
/// the ends of a window add, which differs between levels; those of percentiles on order
/// statistics of all requests. The knee is found by tests of each level against the one below it,
/// one-sided at 1 %, from the lowest up to the first that is not significant; such a fixed sequence
/// keeps the error of the whole at 1 % (Maurer, Hothorn, Lehmacher, 1995). An objective is met
/// where the lower 95 % confidence bound of the share that meets it (Clopper and Pearson, 1934)
/// reaches what is asked for.
std::vector<LoadSeries> AnswerLoad(const std::vector<CellResult>& results,
                                   const RequestsOfWindows& requests,
                                   const std::vector<Objective>& objectives);

}  // namespace ollama_bench
