#pragma once

#include <fmt/format.h>

#include <cmath>
#include <string>

namespace ollama_bench {

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

}  // namespace ollama_bench
