#pragma once

#include <cmath>
#include <numbers>

namespace ollama_bench {

inline double NormalDensity(double z) {
  return std::exp(-0.5 * z * z) / std::sqrt(2.0 * std::numbers::pi);
}
/// The probability of a value below z.
inline double NormalBelow(double z) {
  return 0.5 * std::erfc(-z / std::numbers::sqrt2);
}

}  // namespace ollama_bench
