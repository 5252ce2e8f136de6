#pragma once

#include <cstddef>
#include <cstdint>

namespace ollama_bench {

/// Random numbers that are the same on every machine, which the standard's distributions are not.
/// Source of the generator: Steele, Lea, Flood, "Fast splittable pseudorandom number generators".
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t Bits();
  /// In (0, 1).
  double Uniform();
  double Uniform(double low, double high) { return low + (high - low) * Uniform(); }
  /// Standard normal.
  double Normal();
  /// In [0, size); `size` is positive.
  std::size_t Below(std::size_t size);

 private:
  std::uint64_t state_;
};

}  // namespace ollama_bench
