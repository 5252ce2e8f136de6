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

}  // namespace ollama_bench
