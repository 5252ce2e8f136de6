#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <random>

namespace ollama_bench {

/// Standard normal numbers, the same ones for a seed on every system, which
/// std::normal_distribution does not promise. Box and Muller, Annals of Mathematical Statistics 29,
/// 1958.
class NormalDraws {
 public:
  explicit NormalDraws(std::uint64_t seed) : engine_(seed) {}

  double Next() {
    if (has_second_) {
      has_second_ = false;
      return second_;
    }
    const double radius = std::sqrt(-2 * std::log(Uniform()));
    const double angle = 2 * std::numbers::pi * Uniform();
    second_ = radius * std::sin(angle);
    has_second_ = true;
    return radius * std::cos(angle);
  }

 private:
  // Above 0 and at most 1, in steps of 2^-53.
  double Uniform() { return static_cast<double>((engine_() >> 11U) + 1) * 0x1p-53; }

  std::mt19937_64 engine_;
  double second_ = 0;
  bool has_second_ = false;
};

}  // namespace ollama_bench
