#include "ollama_bench/analysis/load_answer.h"

#include <algorithm>
#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <utility>

#include "ollama_bench/analysis/noise_model.h"

namespace ollama_bench {
namespace {

constexpr double kStepLevel = 0.01;       // one-sided, of each step to a higher concurrency
constexpr double kWorthwhileGain = 0.05;  // that the knee's upper end may miss
constexpr double kConfidence = 0.95;
constexpr double kFallsBehind = 0.9;

/// One window that counts, with its requests.
struct CountedWindow {
  const Window* window = nullptr;
  std::vector<const RequestFigures*> measured;
};

/// What is read off each window, to be averaged: one value a window, all positive.
using ValueOfWindow = std::optional<double> (*)(const CountedWindow& window);

std::optional<double> OutputThroughputOf(const CountedWindow& window) {
  return OutputThroughput(*window.window);
}

std::optional<double> RequestThroughputOf(const CountedWindow& window) {
  return RequestThroughput(*window.window);
}

// Mean over the requests of their own speed, waits included.
std::optional<double> RequestSpeedOf(const CountedWindow& window) {
  double sum = 0;
  std::size_t count = 0;
  for (const RequestFigures* request : window.measured) {
    if (!request->IsDone() || request->IntendedE2e() <= 0) continue;
    sum += static_cast<double>(request->output_tokens) / request->IntendedE2e();
    ++count;
  }
  return count == 0 ? std::nullopt : std::optional(sum / static_cast<double>(count));
}

// What the ends of a window add to the variance of the log of its throughput: how far each answer
// that is in work then has come is uniform, so that the completions of each slot miss the true
// number by the difference of two uniform shares, of variance 1/6.
double VarianceOfEnds(const Window& window) {
  if (window.completed <= 0 || !window.mean_in_flight) return 0;
  double in_work = *window.mean_in_flight;
  if (window.queue_p50 && window.e2e_p50 && window.e2e_p50->count() > 0) {
    in_work *= 1 - std::min(1.0, static_cast<double>(window.queue_p50->count()) /
                                     static_cast<double>(window.e2e_p50->count()));
  }
  const auto completed = static_cast<double>(window.completed);
  return in_work / 6 / (completed * completed);
}

Percentiles PercentilesOf(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return {QuantileOf(values, 0.5), QuantileOf(values, 0.95), QuantileOf(values, 0.99)};
}

// A request that failed misses every objective. One without the figure (a single token has no time
// of a further one) is no evidence either way.
std::optional<bool> Meets(const RequestFigures& request, const Objective& objective) {
  if (!request.IsDone()) return false;
  const auto latency = LatencyOf(request, objective.latency);
  if (!latency) return std::nullopt;
  return *latency <= std::chrono::duration<double>(objective.limit).count();
}

// Bounds of a share of which `met` of `all` were seen, each at `kConfidence` by itself.
Interval ShareBounds(std::int64_t met, std::int64_t all) {
  const auto yes = static_cast<double>(met);
  const auto no = static_cast<double>(all - met);
  using Beta = boost::math::beta_distribution<>;
  return {met == 0 ? 0 : quantile(Beta(yes, no + 1), 1 - kConfidence),
          met == all ? 1 : quantile(Beta(yes + 1, no), kConfidence)};
}

ObjectiveResult Judge(const Objective& objective, const std::vector<CountedWindow>& windows) {
  ObjectiveResult result;
  result.objective = objective;
  for (const CountedWindow& window : windows) {
    for (const RequestFigures* request : window.measured) {
      const auto meets = Meets(*request, objective);
      if (!meets) continue;
      ++result.requests;
      if (*meets) ++result.met;
    }
  }
  if (result.requests == 0) return result;
  const Interval share = ShareBounds(result.met, result.requests);
  const double wanted = objective.percent / 100.0;
  if (share.low >= wanted) result.state = ObjectiveState::kMet;
  if (share.high < wanted) result.state = ObjectiveState::kMissed;
  return result;
}

void Combine(std::optional<bool>& all, const std::optional<bool>& one, bool is_first) {
  if (is_first) {
    all = one;
  } else if (all == false || one == false) {
    all = false;
  } else if (!one) {
    all.reset();
  }
}

/// The levels of one series and what was measured of each.
class SeriesAnswerer {
 public:
  SeriesAnswerer(const std::vector<const CellResult*>& results, const RequestsOfWindows& requests,
                 const std::vector<Objective>& objectives)
      : objectives_(objectives) {
    for (const CellResult* result : results) {
      LevelEstimate& level = series_.levels.emplace_back();
      level.cell = result->cell;
      windows_.push_back(WindowsOf(*result, requests));
    }
  }

  LoadSeries Answer() {
    for (std::size_t i = 0; i < windows_.size(); ++i) Describe(series_.levels[i], windows_[i]);
    Average(&LevelEstimate::output_tokens_per_s, OutputThroughputOf);
    Average(&LevelEstimate::request_tokens_per_s, RequestSpeedOf);
    Average(&LevelEstimate::requests_per_s, RequestThroughputOf);
    for (LevelEstimate& level : series_.levels) SetGoodput(level);
    series_.knee = FindKnee();
    if (!objectives_.empty()) series_.capacity = FindCapacity();
    return std::move(series_);
  }

 private:
  static std::vector<CountedWindow> WindowsOf(const CellResult& result,
                                              const RequestsOfWindows& requests) {
    std::vector<CountedWindow> windows;
    for (const Sample* sample : CountedOf(result)) {
      if (!sample->window) continue;
      CountedWindow& window = windows.emplace_back();
      window.window = &*sample->window;
      const auto found = requests.find(sample->id);
      if (found == requests.end()) continue;
      for (const RequestFigures& request : found->second) {
        if (request.part == WindowPart::kMeasured) window.measured.push_back(&request);
      }
    }
    return windows;
  }

  void Describe(LevelEstimate& level, const std::vector<CountedWindow>& windows) const {
    level.windows = windows.size();
    for (std::size_t i = 0; i < windows.size(); ++i) AddWindow(level, *windows[i].window, i == 0);
    std::vector<double> ttft;
    std::vector<double> tpot;
    std::vector<double> e2e;
    std::vector<double> queue;
    double tokens = 0;
    for (const CountedWindow& window : windows) {
      const double idle = std::chrono::duration<double>(
                              window.window->idle_queue.value_or(std::chrono::nanoseconds(0)))
                              .count();
      for (const RequestFigures* request : window.measured) {
        if (!request->IsDone()) continue;
        const auto add = [request](std::vector<double>& values, LatencyKind kind) {
          if (const auto latency = LatencyOf(*request, kind)) values.push_back(*latency);
        };
        add(ttft, LatencyKind::kTtft);
        add(tpot, LatencyKind::kTpot);
        add(e2e, LatencyKind::kE2e);
        if (request->queue_s) queue.push_back(std::max(0.0, *request->queue_s - idle));
        tokens += static_cast<double>(request->output_tokens);
        level.mean_e2e_s += request->IntendedE2e();
        if (MeetsAll(*request)) ++level.met_all;
      }
    }
    if (!e2e.empty()) {
      level.mean_output_tokens = tokens / static_cast<double>(e2e.size());
      level.mean_e2e_s /= static_cast<double>(e2e.size());
    }
    level.ttft = PercentilesOf(std::move(ttft));
    level.tpot = PercentilesOf(std::move(tpot));
    level.e2e = PercentilesOf(std::move(e2e));
    level.queue_wait = PercentilesOf(std::move(queue));
    for (const Objective& objective : objectives_) {
      level.objectives.push_back(Judge(objective, windows));
    }
  }

  [[nodiscard]] bool MeetsAll(const RequestFigures& request) const {
    return std::all_of(objectives_.begin(), objectives_.end(),
                       [&request](const Objective& objective) {
                         return Meets(request, objective).value_or(true);
                       });
  }

  static void AddWindow(LevelEstimate& level, const Window& window, bool is_first) {
    level.requests += window.requests;
    for (const auto& [end, count] : window.failures) level.failures[end] += count;
    level.short_answers += window.short_answers;
    Combine(level.checks.sender_lag, window.checks.sender_lag, is_first);
    Combine(level.checks.rate, window.checks.rate, is_first);
    Combine(level.checks.littles_law, window.checks.littles_law, is_first);
    Combine(level.checks.client_cpu, window.checks.client_cpu, is_first);
    Combine(level.checks.cache, window.checks.cache, is_first);
    const bool is_open = level.cell.Sets(Parameter::kRequestRate);
    const auto due = static_cast<double>(window.requests);
    if (is_open && static_cast<double>(window.completed) < kFallsBehind * due) {
      level.falls_behind = true;
    }
  }

  // Geometric means of the windows of each level, with the spread between them pooled.
  void Average(std::optional<WindowMean> LevelEstimate::*member, ValueOfWindow value) {
    std::vector<std::vector<double>> logs(windows_.size());
    for (std::size_t i = 0; i < windows_.size(); ++i) {
      for (const CountedWindow& window : windows_[i]) {
        const auto of_window = value(window);
        if (of_window && *of_window > 0) logs[i].push_back(std::log(*of_window));
      }
    }
    const auto [common, freedom] = PooledVariance(logs);
    for (std::size_t i = 0; i < logs.size(); ++i) {
      if (logs[i].empty()) continue;
      const double mean = MeanOf(logs[i]);
      WindowMean& estimate = (series_.levels[i].*member).emplace();
      estimate.value = std::exp(mean);
      if (freedom == 0) continue;
      const StandardError error{std::sqrt(VarianceOfMean(i, logs[i].size(), common)),
                                static_cast<double>(freedom)};
      const double half = error.HalfWidth(kConfidence);
      estimate.interval = Interval{std::exp(mean - half), std::exp(mean + half)};
    }
    if (member == &LevelEstimate::output_tokens_per_s) {
      throughput_ = std::move(logs);
      common_ = common;
      freedom_ = freedom;
    }
  }

  static double MeanOf(const std::vector<double>& values) {
    double sum = 0;
    for (const double value : values) sum += value;
    return sum / static_cast<double>(values.size());
  }

  // Of one window of a level, by its ends.
  [[nodiscard]] double EndsOf(std::size_t level) const {
    double sum = 0;
    for (const CountedWindow& window : windows_[level]) sum += VarianceOfEnds(*window.window);
    return windows_[level].empty() ? 0 : sum / static_cast<double>(windows_[level].size());
  }

  [[nodiscard]] double VarianceOfMean(std::size_t level, std::size_t windows, double common) const {
    return (common + EndsOf(level)) / static_cast<double>(windows);
  }

  // What the spread between the windows of each level leaves when the ends are taken off.
  [[nodiscard]] std::pair<double, std::size_t> PooledVariance(
      const std::vector<std::vector<double>>& logs) const {
    double squares = 0;
    std::size_t freedom = 0;
    for (std::size_t level = 0; level < logs.size(); ++level) {
      if (logs[level].size() < 2) continue;
      const double mean = MeanOf(logs[level]);
      const std::size_t more = logs[level].size() - 1;
      for (const double value : logs[level]) squares += (value - mean) * (value - mean);
      squares -= static_cast<double>(more) * EndsOf(level);
      freedom += more;
    }
    if (freedom == 0) return {0, 0};
    return {std::max(0.0, squares / static_cast<double>(freedom)), freedom};
  }

  static void SetGoodput(LevelEstimate& level) {
    if (level.objectives.empty() || !level.requests_per_s || level.requests == 0) return;
    const std::int64_t done = level.requests - level.Failed();
    if (done <= 0) return;
    // Of those that were completed, the share that met all.
    level.goodput_per_s = level.requests_per_s->value * static_cast<double>(level.met_all) /
                          static_cast<double>(done);
  }

  // The gain of level `to` over `from` on the log scale; empty where it cannot be known.
  struct Gain {
    double value = 0;
    StandardError error;
  };
  [[nodiscard]] std::optional<Gain> GainOf(std::size_t from, std::size_t to) const {
    const auto& before = throughput_[from];
    const auto& after = throughput_[to];
    if (before.empty() || after.empty() || freedom_ == 0) return std::nullopt;
    const double variance =
        VarianceOfMean(from, before.size(), common_) + VarianceOfMean(to, after.size(), common_);
    return Gain{MeanOf(after) - MeanOf(before),
                {std::sqrt(variance), static_cast<double>(freedom_)}};
  }

  [[nodiscard]] int UsersAt(std::size_t level) const {
    return series_.levels[level].cell[Parameter::kConcurrency];
  }

  [[nodiscard]] std::optional<Knee> FindKnee() const {
    const std::size_t count = series_.levels.size();
    if (count < 2 || freedom_ == 0) return std::nullopt;
    if (!series_.levels.front().cell.Sets(Parameter::kConcurrency)) return std::nullopt;
    if (throughput_.front().empty()) return std::nullopt;
    std::size_t knee = 0;
    for (std::size_t next = 1; next < count; ++next) {
      const auto gain = GainOf(next - 1, next);
      if (!gain || gain->value <= gain->error.Bound(1 - kStepLevel)) break;
      knee = next;
    }
    Knee found{UsersAt(knee), UsersAt(knee)};
    if (knee + 1 == count) found.high.reset();
    for (std::size_t next = knee + 1; next < count; ++next) {
      const auto gain = GainOf(knee, next);
      const bool may_gain =
          !gain || gain->value + gain->error.Bound(kConfidence) > std::log1p(kWorthwhileGain);
      if (may_gain) found.high = UsersAt(next);
    }
    return found;
  }

  [[nodiscard]] static ObjectiveState StateOf(const LevelEstimate& level) {
    ObjectiveState state = ObjectiveState::kMet;
    for (const ObjectiveResult& result : level.objectives) {
      if (result.state == ObjectiveState::kMissed) return ObjectiveState::kMissed;
      if (result.state == ObjectiveState::kUndecided) state = ObjectiveState::kUndecided;
    }
    return state;
  }

  [[nodiscard]] Capacity FindCapacity() const {
    Capacity capacity;
    for (const LevelEstimate& level : series_.levels) {
      if (level.windows == 0) break;
      const ObjectiveState state = StateOf(level);
      if (state != ObjectiveState::kMet) {
        capacity.next = level.cell;
        capacity.next_state = state;
        break;
      }
      capacity.level = level.cell;
    }
    return capacity;
  }

  const std::vector<Objective>& objectives_;
  LoadSeries series_;
  std::vector<std::vector<CountedWindow>> windows_;
  std::vector<std::vector<double>> throughput_;  ///< logs, by level and window
  double common_ = 0;  ///< variance of every window, but for that of its ends
  std::size_t freedom_ = 0;
};

Cell WithoutTraffic(Cell cell) {
  cell.Set(Parameter::kConcurrency, kAutoValue);
  cell.Set(Parameter::kRequestRate, kAutoValue);
  return cell;
}

}  // namespace

Parameter TrafficOf(const Cell& level) {
  return level.Sets(Parameter::kRequestRate) ? Parameter::kRequestRate : Parameter::kConcurrency;
}

std::optional<double> LatencyOf(const RequestFigures& request, LatencyKind kind) {
  switch (kind) {
    case LatencyKind::kTtft:
      return request.ttft_s ? std::optional(request.lag_s + *request.ttft_s) : std::nullopt;
    case LatencyKind::kTpot:
      return request.tpot_s;
    case LatencyKind::kE2e:
      return request.IntendedE2e();
  }
  return std::nullopt;
}

std::int64_t LevelEstimate::Failed() const {
  std::int64_t failed = 0;
  for (const auto& [end, count] : failures) failed += count;
  return failed;
}

std::vector<LoadSeries> AnswerLoad(const std::vector<CellResult>& results,
                                   const RequestsOfWindows& requests,
                                   const std::vector<Objective>& objectives) {
  // Open and closed loops are series of their own.
  std::map<std::pair<Cell, bool>, std::vector<const CellResult*>> by_series;
  for (const CellResult& result : results) {
    const bool is_open = result.cell.Sets(Parameter::kRequestRate);
    by_series[{WithoutTraffic(result.cell), is_open}].push_back(&result);
  }
  std::vector<LoadSeries> all;
  for (auto& [key, levels] : by_series) {
    std::sort(levels.begin(), levels.end(),
              [](const CellResult* a, const CellResult* b) { return a->cell < b->cell; });
    LoadSeries& series = all.emplace_back(SeriesAnswerer(levels, requests, objectives).Answer());
    series.common = key.first;
  }
  return all;
}

}  // namespace ollama_bench
