#pragma once

#include <cstdint>
#include <vector>

#include "ollama_bench/analysis/load_units.h"

namespace ollama_bench {

/// What is believed of each of the two standard deviations before anything was measured:
/// log-normal. The default puts 95 % between 0.4 % and 6.3 %, a little wider than the 0.5 to 5 %
/// that machines showed.
struct NoisePrior {
  double median = 0.016;
  double log_deviation = 0.7;
};

/// Variances of a log value: between the loads of a cell, and between the runs of a load.
struct Variances {
  double load = 0;
  double run = 0;
};

/// How much of each variance an estimate carries: its variance is load x load variance + run x run
/// variance. A mean of three loads with one run each has 1/3 and 1/3. Shares of independent
/// estimates add up in their sum and in their difference.
struct NoiseShares {
  double load = 0;
  double run = 0;

  friend NoiseShares operator+(const NoiseShares& a, const NoiseShares& b) {
    return {a.load + b.load, a.run + b.run};
  }
  friend auto operator<=>(const NoiseShares&, const NoiseShares&) = default;
};

/// The scale of Student's t distribution that represents what is not known of an estimate.
struct StandardError {
  double value = 0;  ///< relative: 0.01 is 1 %
  double degrees_of_freedom = 0;

  /// Half the width of the interval that holds the truth with probability `level`.
  [[nodiscard]] double HalfWidth(double level) const;
  /// The value below which the estimate's error stays with probability `level`, one-sided.
  [[nodiscard]] double Bound(double level) const;
  /// Two-sided p-value of `difference` where the truth is 0.
  [[nodiscard]] double PValue(double difference) const;
};

/// Student's t of an estimate whose variance is known by the mean of what it may be and by the mean
/// of its square (its first two moments, as Satterthwaite, Biometrics Bulletin 2, 1946, matched
/// them).
StandardError StudentsT(double mean_variance, double mean_square);

/// The noise of a sweep, pooled over all its cells, as the posterior distribution of both variances
/// on a grid. Likelihood: normal, each cell's own mean integrated out (REML; Patterson and
/// Thompson, Biometrika 58, 1971), times `prior` for each of the two standard deviations. With many
/// repeated loads the prior says nothing; without any it is all there is.
class NoiseModel {
 public:
  static NoiseModel Fit(const std::vector<LoadUnit>& units, const NoisePrior& prior = {});

  /// Student's t with the posterior mean and variation of the estimate's variance.
  [[nodiscard]] StandardError Of(const NoiseShares& shares) const;
  [[nodiscard]] Variances PosteriorMean() const { return mean_; }
  /// `count` values in proportion to the posterior, in no order that means anything, always the
  /// same ones.
  [[nodiscard]] std::vector<Variances> Draws(std::size_t count) const;

  /// Posterior root mean squares, relative.
  [[nodiscard]] double load_deviation() const;
  [[nodiscard]] double run_deviation() const;
  /// How many differences between loads of one cell, and between runs of one load, it rests on.
  [[nodiscard]] int load_differences() const { return load_differences_; }
  [[nodiscard]] int run_differences() const { return run_differences_; }

 private:
  struct Point {
    Variances variances;
    double weight = 0;
  };

  std::vector<Point> points_;  // weights add up to 1
  Variances mean_;
  int load_differences_ = 0;
  int run_differences_ = 0;
};

}  // namespace ollama_bench
