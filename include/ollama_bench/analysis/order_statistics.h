#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "ollama_bench/analysis/cell_estimate.h"

namespace ollama_bench {

/// A quantile of what the values are a random sample of.
struct Quantile {
  double value = 0;   ///< the smallest value that at least its share of them does not exceed
  Interval interval;  ///< of two order statistics, whatever the distribution is
};

/// The quantile `share` (above 0, below 1) of the ascending `values`. Each end of its interval is
/// missed with probability (1 - level) / 2 at most, by the binomial distribution of how many values
/// lie below the quantile (David and Nagaraja, Order Statistics, 2003, 7.1). Empty where the values
/// are too few for such an interval.
std::optional<Quantile> QuantileOf(std::span<const double> values, double share,
                                   double level = 0.95);

/// The fewest values that QuantileOf gives a quantile of.
std::size_t FewestForQuantile(double share, double level = 0.95);

}  // namespace ollama_bench
