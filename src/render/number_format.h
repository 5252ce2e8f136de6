#pragma once

#include <fmt/format.h>

#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "ollama_bench/analysis/sweep_map.h"
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

/// "+2.1 %" for the log of a ratio. What rounds to nothing has no sign.
inline std::string SignedPercent(double log_ratio) {
  const double percent = 100 * std::expm1(log_ratio);
  return std::fabs(percent) < 0.05 ? "0.0 %" : fmt::format("{:+.1f} %", percent);
}

/// "[-1.2, 3.4]" in per cent, for the logs of two ratios.
inline std::string PercentInterval(double low, double high) {
  // Adding 0 takes the sign off a zero.
  const auto percent = [](double log_ratio) {
    return std::round(1000 * std::expm1(log_ratio)) / 10 + 0.0;
  };
  return fmt::format("[{:.1f}, {:.1f}]", percent(low), percent(high));
}

/// How far the estimated cells may be off at 95 %: "+/- 1.4 % (median), 2.7 % at most"; empty where
/// none is estimated.
std::string EstimateMargins(std::span<const SweepMap> maps);

}  // namespace ollama_bench
