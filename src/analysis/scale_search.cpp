#include "scale_search.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <limits>

namespace ollama_bench {
namespace {

constexpr std::array<double, 4> kMemories = {1, 4, 16, 64};

/// Log-normal beliefs before anything was measured: medians and deviations of the log.
struct ScalePrior {
  double median;
  double log_deviation;
};
constexpr ScalePrior kLoadPrior{0.008, 0.8};
constexpr ScalePrior kAxisPrior{0.01, 1.5};
constexpr ScalePrior kCellPrior{0.004, 1.2};
constexpr ScalePrior kDriftPrior{0.006, 1.3};
constexpr double kSmallestLog = -8.5;  // 0.02 %: below, a scale is nothing
constexpr double kLargestLog = 0.5;

constexpr std::size_t kManyLoads = 400;       // from here on a factorisation takes milliseconds
constexpr std::size_t kVeryManyLoads = 2000;  // and from here on hundreds of megabytes
constexpr int kWeightSteps = 2;
constexpr int kFinalWeightSteps = 10;
constexpr double kFreeCell = 0.01;  // weight of a cell's effect that may be anything

// One for each scale: of the loads, of each axis, of the cells, of the drift.
using Logs = std::vector<double>;

struct Point {
  Logs logs;
  double memory = 16;
  double log_density = -std::numeric_limits<double>::infinity();
};

EffectScales ScalesAt(const Point& point) {
  const Logs& logs = point.logs;
  EffectScales scales;
  scales.load = std::exp(logs.front());
  for (std::size_t i = 1; i + 2 < logs.size(); ++i) scales.axes.push_back(std::exp(logs[i]));
  scales.cell = std::exp(logs[logs.size() - 2]);
  scales.drift = std::exp(logs.back());
  scales.memory = point.memory;
  return scales;
}

std::vector<ScalePrior> PriorsFor(const EffectData& data) {
  std::vector<ScalePrior> priors(data.axes.size() + 3, kAxisPrior);
  priors.front() = kLoadPrior;
  priors[priors.size() - 2] = kCellPrior;
  priors.back() = kDriftPrior;
  return priors;
}

class Explorer {
 public:
  explicit Explorer(const EffectData& data)
      : data_(data),
        has_many_(data.observations.size() > kManyLoads),
        priors_(PriorsFor(data)),
        weights_(EffectWeights::Ones(data)),
        steps_(priors_.size(), 0.7),
        deviations_(priors_.size(), 0.5) {
    for (const ScalePrior& prior : priors_) best_.logs.push_back(std::log(prior.median));
  }

  std::vector<WeightedPosterior> Run() {
    FindStart();
    const int sweeps = has_many_ ? 1 : 3;
    for (int sweep = 0; sweep < sweeps; ++sweep) {
      for (std::size_t i = 0; i < priors_.size(); ++i) Improve(i);
      if (sweep == 0) ChooseMemory();
    }
    return Average();
  }

 private:
  // The posterior at the point, and its log density with the priors of the scales.
  std::unique_ptr<EffectPosterior> Measure(Point& point, const EffectWeights& start,
                                           int weight_steps) const {
    auto posterior = std::make_unique<EffectPosterior>(data_, ScalesAt(point), start, weight_steps);
    point.log_density = posterior->log_evidence();
    for (std::size_t i = 0; i < priors_.size(); ++i) {
      const ScalePrior& prior = priors_[i];
      const double distance = (point.logs[i] - std::log(prior.median)) / prior.log_deviation;
      point.log_density -= 0.5 * distance * distance;
    }
    return posterior;
  }

  double Evaluate(Point& point) {
    const auto posterior = Measure(point, weights_, kWeightSteps);
    if (point.log_density > best_.log_density) {
      best_ = point;
      weights_ = posterior->weights();
    }
    return point.log_density;
  }

  // The iteration of the weights has several ends: that a cell differs from what the main effects
  // expect of it can be put down to the cell or to each of its loads. This begins at the cell.
  [[nodiscard]] EffectWeights FreeCells() const {
    EffectWeights weights = weights_;
    std::vector<int> loads(data_.cells.size(), 0);
    for (const auto& seen : data_.observations) ++loads[seen.cell];
    for (std::size_t i = 0; i < loads.size(); ++i) {
      if (loads[i] > 1) weights.cells[i] = kFreeCell;
    }
    for (std::size_t i = 0; i < data_.observations.size(); ++i) {
      if (loads[data_.observations[i].cell] > 1) weights.loads[i] = 1;
    }
    return weights;
  }

  // The mode can be far from the priors' medians; a coarse look at the noise saves many steps.
  void FindStart() {
    const Point origin = best_;
    const EffectWeights ones = weights_;
    EffectWeights found = ones;
    for (const EffectWeights& start : {ones, FreeCells()}) {
      for (const double factor : {0.0, 1.0, 2.0}) {
        Point point = origin;
        for (double& log : point.logs) log += factor;
        const auto posterior = Measure(point, start, kFinalWeightSteps);
        if (point.log_density <= best_.log_density) continue;
        best_ = point;
        found = posterior->weights();
      }
    }
    weights_ = found;
  }

  // Moves along one scale to the top of the parabola through three points, or a step uphill.
  void Improve(std::size_t scale) {
    const Point middle = best_;
    Point lower = middle;
    Point upper = middle;
    lower.logs[scale] = std::max(kSmallestLog, middle.logs[scale] - steps_[scale]);
    upper.logs[scale] = std::min(kLargestLog, middle.logs[scale] + steps_[scale]);
    const double below = Evaluate(lower) - middle.log_density;
    const double above = Evaluate(upper) - middle.log_density;
    const double curvature = -(below + above) / (steps_[scale] * steps_[scale]);
    if (curvature <= 0.2) return;
    const double slope = (above - below) / (2 * steps_[scale]);
    Point top = middle;
    top.logs[scale] += std::clamp(slope / curvature, -2 * steps_[scale], 2 * steps_[scale]);
    top.logs[scale] = std::clamp(top.logs[scale], kSmallestLog, kLargestLog);
    Evaluate(top);
    deviations_[scale] = std::clamp(1 / std::sqrt(curvature), 0.08, 1.2);
    steps_[scale] = std::clamp(deviations_[scale], 0.15, 1.0);
  }

  void ChooseMemory() {
    const Point middle = best_;
    for (const double memory : kMemories) {
      if (memory == middle.memory) continue;
      Point point = middle;
      point.memory = memory;
      Evaluate(point);
    }
  }

  // Both ends of the iteration, each with its share.
  void Keep(const Point& at, double weight, std::vector<WeightedPosterior>& kept) const {
    Point point = at;
    auto posterior = Measure(point, weights_, has_many_ ? kWeightSteps : kFinalWeightSteps);
    kept.push_back(Weighted(point, std::move(posterior), weight));
    if (has_many_) return;
    auto other = Measure(point, FreeCells(), kFinalWeightSteps);
    kept.push_back(Weighted(point, std::move(other), weight));
  }

  [[nodiscard]] WeightedPosterior Weighted(const Point& point,
                                           std::unique_ptr<EffectPosterior> posterior,
                                           double weight) const {
    posterior->UseExpectedInformation();
    const double ratio = std::exp(point.log_density - best_.log_density);
    return {ScalesAt(point), std::move(posterior), weight * ratio};
  }

  // A centre, and on each axis two points at a distance of sqrt(dimensions + 1) deviations, with
  // the weights that give a normal density its mean and variances; corrected by how far the density
  // is from normal there.
  std::vector<WeightedPosterior> Average() {
    const std::size_t dimensions = priors_.size();
    const double square = static_cast<double>(dimensions) + 1;
    const double distance = std::sqrt(square);
    const double of_axis = 1 / (2 * square);
    const double of_centre = 1 - 2 * of_axis * static_cast<double>(dimensions);
    std::vector<WeightedPosterior> kept;
    const Point mode = best_;
    Keep(mode, of_centre, kept);
    if (data_.observations.size() > kVeryManyLoads) {
      kept.front().weight = 1;
      return kept;
    }
    for (std::size_t i = 0; i < dimensions; ++i) {
      for (const double side : {-1.0, 1.0}) {
        Point point = mode;
        point.logs[i] = std::clamp(mode.logs[i] + side * distance * deviations_[i],
                                   kSmallestLog - 1, kLargestLog + 1);
        const std::size_t before = kept.size();
        Keep(point, of_axis, kept);
        // The density's departure from normal, within bounds: far out it says little.
        double total = 0;
        for (std::size_t k = before; k < kept.size(); ++k) total += kept[k].weight;
        const double expected = of_axis * std::exp(-square / 2) * (has_many_ ? 1 : 2);
        const double departure = std::clamp(total / expected, 0.1, 4.0);
        for (std::size_t k = before; k < kept.size(); ++k) {
          kept[k].weight *= departure * of_axis * (has_many_ ? 1 : 2) / total;
        }
      }
    }
    double total = 0;
    for (const WeightedPosterior& point : kept) total += point.weight;
    for (WeightedPosterior& point : kept) point.weight /= total;
    return kept;
  }

  const EffectData& data_;
  bool has_many_;
  std::vector<ScalePrior> priors_;
  EffectWeights weights_;
  Point best_;
  Logs steps_;
  Logs deviations_;
};

}  // namespace

std::vector<WeightedPosterior> AverageOverScales(const EffectData& data) {
  return Explorer(data).Run();
}

}  // namespace ollama_bench
