#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/core/expected.h"

namespace ollama_bench {

/// What one run took, in one load of the model.
struct LoadTime {
  std::int64_t load_id = 0;
  double tokens = 0;
  double seconds = 0;
};

/// A figure with its 95 % confidence interval.
struct Bounded {
  double estimate = 0;
  double low = 0;
  double high = 0;
};

/// A length from which on each token costs more, or less, than before.
struct Breakpoint {
  double tokens = 0;
  double low = 0;  ///< 95 % confidence interval, tokens
  double high = 0;
  double slope_change = 0;  ///< seconds per token, added from here on
  double p_value = 1;
};

/// The time that the law gives for a length.
struct LawTime {
  Bounded seconds;
  bool is_extrapolated = false;  ///< beyond the lengths that were measured
};

/// t(n) = a + b·n + c·n², and from a breakpoint on d·(n - breakpoint) more.
class ScalingLaw {
 public:
  /// a in seconds, b in seconds per token, c in seconds per squared token.
  [[nodiscard]] const std::vector<Bounded>& terms() const { return terms_; }
  [[nodiscard]] const std::optional<Breakpoint>& breakpoint() const { return breakpoint_; }
  /// Standard deviation of a run about the law of its load, relative.
  [[nodiscard]] double deviation() const { return deviation_; }
  [[nodiscard]] std::size_t loads() const { return coefficients_.size(); }
  [[nodiscard]] double shortest() const { return shortest_; }  ///< tokens
  [[nodiscard]] double longest() const { return longest_; }
  /// Empty beyond twice the longest length, and below half the shortest.
  [[nodiscard]] std::optional<LawTime> At(double tokens) const;

 private:
  friend class LawFit;
  [[nodiscard]] Bounded Combine(const std::vector<double>& weights) const;

  std::vector<Bounded> terms_;
  std::vector<std::vector<double>> coefficients_;  ///< of each load, d last where there is one
  std::vector<std::vector<double>> covariance_;    ///< of a single load's coefficients
  double degrees_ = 0;                             ///< of freedom, of the intervals
  std::optional<Breakpoint> breakpoint_;
  double deviation_ = 0;
  double shortest_ = 0;
  double longest_ = 0;
};

/// Fits the first `terms` terms (2: a straight line, without a breakpoint). Each load has
/// coefficients of its own, by least squares of relative errors (weights 1/t², reweighted by the
/// fit); the law's are their means, and intervals are Student's t over the loads, so that what a
/// load has in common for all lengths is in them. Of a single load they are by the residuals, and
/// say nothing of other loads.
///
/// A breakpoint is looked for from six lengths on, and claimed where its likelihood ratio is above
/// what 96 % of simulated straight data reach at their best breakpoint (the largest F of all
/// places; Andrews, Econometrica 61, 1993, has the distribution for large samples, here it is drawn
/// for these lengths). Its interval is that of the profile likelihood.
///
/// The error says why there is no law: fewer than `terms` + 1 lengths in every load.
Expected<ScalingLaw, std::string> FitScalingLaw(const std::vector<LoadTime>& times, int terms = 3);

}  // namespace ollama_bench
