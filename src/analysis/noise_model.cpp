#include "ollama_bench/analysis/noise_model.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <utility>

#include "noise_likelihood.h"
#include "ollama_bench/core/random.h"

namespace ollama_bench {
namespace {

// Standard deviations from 0.01 % to 60 %: no timer is better, no machine worth measuring worse.
constexpr double kLowestLog = -9.2;
constexpr double kHighestLog = -0.5;
constexpr int kSteps = 36;            // per axis
constexpr int kRefinements = 3;       // how often the grid is refined around the mass
constexpr double kLogOfNothing = 18;  // what lies this far below the peak has no weight

// One axis of the grid: the log of a standard deviation.
struct LogRange {
  double low = kLowestLog;
  double high = kHighestLog;

  [[nodiscard]] double step() const { return (high - low) / (kSteps - 1); }
  [[nodiscard]] double At(int i) const { return low + step() * i; }
};

struct LogGrid {
  LogRange load;
  LogRange run;
  std::vector<double> log_density;  // row of all run values after row, one row per load value
  double peak = 0;
};

double LogPrior(double log_deviation, const NoisePrior& prior) {
  const double distance = (log_deviation - std::log(prior.median)) / prior.log_deviation;
  return -0.5 * distance * distance;
}

Variances VariancesAt(const LogGrid& grid, int load, int run) {
  return {std::exp(2 * grid.load.At(load)), std::exp(2 * grid.run.At(run))};
}

void Fill(LogGrid& grid, const NoiseLikelihood& likelihood, const NoisePrior& prior) {
  grid.log_density.clear();
  for (int i = 0; i < kSteps; ++i) {
    for (int j = 0; j < kSteps; ++j) {
      grid.log_density.push_back(likelihood.Log(VariancesAt(grid, i, j)) +
                                 LogPrior(grid.load.At(i), prior) +
                                 LogPrior(grid.run.At(j), prior));
    }
  }
  grid.peak = *std::max_element(grid.log_density.begin(), grid.log_density.end());
}

bool HasWeight(const LogGrid& grid, int i, int j) {
  return grid.log_density[static_cast<std::size_t>(i * kSteps + j)] > grid.peak - kLogOfNothing;
}

// The part of the grid that has weight, with a step around it.
LogGrid Around(const LogGrid& grid) {
  int low[2] = {kSteps - 1, kSteps - 1};
  int high[2] = {0, 0};
  for (int i = 0; i < kSteps; ++i) {
    for (int j = 0; j < kSteps; ++j) {
      if (!HasWeight(grid, i, j)) continue;
      low[0] = std::min(low[0], i);
      high[0] = std::max(high[0], i);
      low[1] = std::min(low[1], j);
      high[1] = std::max(high[1], j);
    }
  }
  const auto narrow = [](const LogRange& range, int from, int to) {
    return LogRange{range.At(std::max(from - 1, 0)), range.At(std::min(to + 1, kSteps - 1))};
  };
  return {narrow(grid.load, low[0], high[0]), narrow(grid.run, low[1], high[1]), {}, 0};
}

}  // namespace

double StandardError::HalfWidth(double level) const {
  return Bound((1 + level) / 2);
}

double StandardError::Bound(double level) const {
  return value * quantile(boost::math::students_t(degrees_of_freedom), level);
}

double StandardError::PValue(double difference) const {
  if (value <= 0) return difference == 0 ? 1 : 0;
  const boost::math::students_t distribution(degrees_of_freedom);
  return 2 * cdf(complement(distribution, std::fabs(difference) / value));
}

NoiseModel NoiseModel::Fit(const std::vector<LoadUnit>& units, const NoisePrior& prior) {
  const NoiseLikelihood likelihood(units);
  LogGrid grid;
  Fill(grid, likelihood, prior);
  for (int i = 0; i < kRefinements; ++i) {
    grid = Around(grid);
    Fill(grid, likelihood, prior);
  }
  NoiseModel model;
  model.load_differences_ = likelihood.load_differences();
  model.run_differences_ = likelihood.run_differences();
  double total = 0;
  for (int i = 0; i < kSteps; ++i) {
    for (int j = 0; j < kSteps; ++j) {
      if (!HasWeight(grid, i, j)) continue;
      const double weight =
          std::exp(grid.log_density[static_cast<std::size_t>(i * kSteps + j)] - grid.peak);
      model.points_.push_back({VariancesAt(grid, i, j), weight});
      total += weight;
    }
  }
  for (Point& point : model.points_) {
    point.weight /= total;
    model.mean_.load += point.weight * point.variances.load;
    model.mean_.run += point.weight * point.variances.run;
  }
  return model;
}

StandardError StudentsT(double mean_variance, double mean_square) {
  constexpr double kMostDegrees = 1e6;
  // Nothing measured enters: a cell against itself.
  if (mean_variance <= 0) return {0, kMostDegrees};
  // A variance that is inverse-chi-squared with n degrees of freedom, as a normal sample makes it,
  // has the relative variance 2 / (n - 4), and the mean n / (n - 2) times its scale.
  const double relative =
      std::max(mean_square / (mean_variance * mean_variance) - 1, 2 / (kMostDegrees - 4));
  const double degrees = 4 + 2 / relative;
  return {std::sqrt(mean_variance * (degrees - 2) / degrees), degrees};
}

StandardError NoiseModel::Of(const NoiseShares& shares) const {
  double mean = 0;
  double square = 0;
  for (const Point& point : points_) {
    const double variance = shares.load * point.variances.load + shares.run * point.variances.run;
    mean += point.weight * variance;
    square += point.weight * variance * variance;
  }
  return StudentsT(mean, square);
}

std::vector<Variances> NoiseModel::Draws(std::size_t count) const {
  // Systematic resampling: evenly spaced places along the cumulated weights, then shuffled.
  std::vector<Variances> draws;
  draws.reserve(count);
  double cumulated = 0;
  for (const Point& point : points_) {
    cumulated += point.weight * static_cast<double>(count);
    while (static_cast<double>(draws.size()) + 0.5 < cumulated && draws.size() < count) {
      draws.push_back(point.variances);
    }
  }
  while (draws.size() < count) draws.push_back(points_.back().variances);
  Random random(1);
  Shuffle(std::span(draws), random);
  return draws;
}

double NoiseModel::load_deviation() const {
  return std::sqrt(mean_.load);
}

double NoiseModel::run_deviation() const {
  return std::sqrt(mean_.run);
}

}  // namespace ollama_bench
