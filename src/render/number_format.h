#pragma once

#include <string>
#include <vector>

#include "ollama_bench/core/metric.h"

namespace ollama_bench {

/// How all values of one table are written, so that they line up.
struct NumberFormat {
  int decimals = 2;

  /// "83.34"; a value too large for that as "1.2e+09". Never longer than 12 characters.
  [[nodiscard]] std::string operator()(double value) const;
};

/// At most the metric's decimals, and no more than give the largest value four digits; fewer where
/// no value needs them (rates that were recorded with one decimal).
NumberFormat ChooseNumberFormat(const std::vector<double>& values, Metric metric);

/// `value` with no more digits than its 95 % interval supports: to the place of the first digit of
/// the interval's half width, as "85.5" for 85.46 in [84.9, 86.0] and "1210" for 1213 in
/// [1180, 1250]. At most the metric's decimals, or four digits where the interval has no width.
std::string RoundedToInterval(double value, double low, double high, Metric metric);

/// At most `most` (2 or more) round values within [low, high], evenly spaced by 1, 2 or 5 times a
/// power of ten; only `low` where both are equal or no two round values fit.
std::vector<double> RoundTicks(double low, double high, int most);

/// The fewest decimals that show these evenly spaced ascending values exactly; two at least.
NumberFormat FormatForTicks(const std::vector<double>& ticks);

}  // namespace ollama_bench
