#include "drift_model.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ollama_bench {
namespace {

// Of the log of a standard deviation.
struct LogPrior {
  double median;
  double deviation;

  [[nodiscard]] double LogDensity(double log_value) const {
    const double distance = (log_value - std::log(median)) / deviation;
    return -0.5 * distance * distance;
  }
};
constexpr LogPrior kLoadPrior{0.016, 0.7};  // as NoisePrior has it

/// One kind of drift. Faster ones than these are part of the noise between loads, which is the
/// safe side: neighbours share them.
struct DriftKind {
  double memory;   // in median intervals between loads
  LogPrior prior;  // of its deviation
};
// The machine wanders, as the model of a sweep has it.
constexpr DriftKind kWandering{16, {0.006, 1.3}};
// It changes slowly over all of the sweep: with this memory, by 0.7 deviations from end to end.
constexpr double kSpansOfMemory = 4;
constexpr LogPrior kSlowPrior{0.03, 1.0};
constexpr double kLowestLog = -9.2;
constexpr double kHighestLog = -0.5;
constexpr double kFlat = 10;  // deviation of a cell that may be anything, on the log scale

// Of the information that is believed: part of the noise between loads passes for drift, which
// neighbours share, and the weights of both cannot know (bench/analysis).
constexpr double kBelievedInformation = 0.9;

constexpr std::size_t kManyLoads = 400;  // from here on a factorisation takes milliseconds
constexpr double kLogOfNothing = 12;     // what lies this far below the peak has no weight
constexpr double kLeastWeight = 0.002;   // of a point that still changes a figure

struct Range {
  double low = kLowestLog;
  double high = kHighestLog;
};

struct Place {
  EffectScales scales;
  double log_density = 0;  // with the area that it stands for
};

EffectScales ScalesOf(double log_load, double log_drift, double memory) {
  EffectScales scales;
  scales.load = std::exp(log_load);
  scales.drift = std::exp(log_drift);
  scales.cell = kFlat;
  scales.memory = memory;
  return scales;
}

DriftKind SlowOver(const EffectData& data) {
  std::vector<double> spans(data.origins.size(), 0);
  for (const auto& seen : data.observations) spans[seen.origin] += seen.gap;
  const double longest = *std::max_element(spans.begin(), spans.end());
  return {kSpansOfMemory * std::max(longest, 1.0), kSlowPrior};
}

/// The posterior of both deviations for one kind of drift.
class DeviationGrid {
 public:
  DeviationGrid(const EffectData& data, const DriftKind& kind)
      : data_(data), kind_(kind), steps_(data.observations.size() > kManyLoads ? 6 : 8) {
    Fill();
    constexpr int kRefinements = 2;
    for (int i = 0; i < kRefinements; ++i) {
      Narrow();
      Fill();
    }
  }

  [[nodiscard]] std::vector<Place> Places() const {
    std::vector<Place> places;
    const double log_area = std::log(Step(load_) * Step(drift_));
    for (int i = 0; i < steps_; ++i) {
      for (int j = 0; j < steps_; ++j) {
        if (!HasWeight(i, j)) continue;
        places.push_back(
            {ScalesOf(At(load_, i), At(drift_, j), kind_.memory), Of(i, j) + log_area});
      }
    }
    return places;
  }

 private:
  [[nodiscard]] double Step(const Range& range) const {
    return (range.high - range.low) / (steps_ - 1);
  }
  [[nodiscard]] double At(const Range& range, int i) const { return range.low + Step(range) * i; }
  [[nodiscard]] double Of(int i, int j) const {
    return log_density_[static_cast<std::size_t>(i * steps_ + j)];
  }
  [[nodiscard]] bool HasWeight(int i, int j) const { return Of(i, j) > peak_ - kLogOfNothing; }

  void Fill() {
    log_density_.clear();
    for (int i = 0; i < steps_; ++i) {
      for (int j = 0; j < steps_; ++j) {
        const EffectPosterior posterior(data_, ScalesOf(At(load_, i), At(drift_, j), kind_.memory),
                                        EffectWeights::Ones(data_), 0);
        log_density_.push_back(posterior.log_evidence() + kLoadPrior.LogDensity(At(load_, i)) +
                               kind_.prior.LogDensity(At(drift_, j)));
      }
    }
    peak_ = *std::max_element(log_density_.begin(), log_density_.end());
  }

  // To the part that has weight, with a step around it.
  void Narrow() {
    int low[2] = {steps_ - 1, steps_ - 1};
    int high[2] = {0, 0};
    for (int i = 0; i < steps_; ++i) {
      for (int j = 0; j < steps_; ++j) {
        if (!HasWeight(i, j)) continue;
        low[0] = std::min(low[0], i);
        high[0] = std::max(high[0], i);
        low[1] = std::min(low[1], j);
        high[1] = std::max(high[1], j);
      }
    }
    const auto narrow = [this](const Range& range, int from, int to) {
      return Range{At(range, std::max(from - 1, 0)), At(range, std::min(to + 1, steps_ - 1))};
    };
    load_ = narrow(load_, low[0], high[0]);
    drift_ = narrow(drift_, low[1], high[1]);
  }

  const EffectData& data_;
  DriftKind kind_;
  int steps_;
  Range load_;
  Range drift_;
  std::vector<double> log_density_;  // a row for each load deviation
  double peak_ = 0;
};

}  // namespace

DriftModel::DriftModel(const std::vector<LoadUnit>& units)
    : data_(std::make_unique<EffectData>(EffectData::From(units))) {
  // No main effects: a cell's effect is whatever its loads say.
  data_->axes.clear();
  data_->places.assign(data_->cells.size(), {});
  std::vector<Place> places;
  double peak = -std::numeric_limits<double>::infinity();
  for (const DriftKind& kind : {kWandering, SlowOver(*data_)}) {
    for (Place& place : DeviationGrid(*data_, kind).Places()) {
      peak = std::max(peak, place.log_density);
      places.push_back(std::move(place));
    }
  }
  double total = 0;
  for (const Place& place : places) total += std::exp(place.log_density - peak);
  double kept = 0;
  for (const Place& place : places) {
    const double weight = std::exp(place.log_density - peak) / total;
    if (weight < kLeastWeight) continue;
    kept += weight;
    points_.push_back({weight, std::make_unique<EffectPosterior>(*data_, place.scales,
                                                                 EffectWeights::Ones(*data_), 0)});
  }
  for (Point& point : points_) point.weight /= kept;
}

std::optional<std::size_t> DriftModel::Find(const Cell& cell) const {
  const auto found = std::lower_bound(data_->cells.begin(), data_->cells.end(), cell);
  if (found == data_->cells.end() || *found != cell) return std::nullopt;
  return static_cast<std::size_t>(found - data_->cells.begin());
}

LogEstimate DriftModel::Contrast(const std::vector<Term>& terms) const {
  const EffectPosterior& any = *points_.front().effects;
  EffectPosterior::Vector combination = 0 * any.CellVector(0);
  for (const auto& [cell, count] : terms) combination += count * any.CellVector(cell);
  return Of(combination);
}

LogEstimate DriftModel::Value(std::size_t cell) const {
  const EffectPosterior& any = *points_.front().effects;
  return Of(any.CellVector(cell) + any.LevelVector());
}

LogEstimate DriftModel::Of(const EffectPosterior::Vector& combination) const {
  LogEstimate estimate;
  for (const Point& point : points_) {
    estimate.value += point.weight * point.effects->Mean(combination);
  }
  double mean = 0;
  double square = 0;
  for (const Point& point : points_) {
    const double distance = point.effects->Mean(combination) - estimate.value;
    const double variance = combination.dot(point.effects->Covariances(combination));
    const double spread = std::max(0.0, variance) / kBelievedInformation + distance * distance;
    mean += point.weight * spread;
    square += point.weight * spread * spread;
  }
  estimate.error = StudentsT(mean, square);
  return estimate;
}

}  // namespace ollama_bench
