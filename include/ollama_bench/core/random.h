#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>

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
  double Normal() { return NormalPair().first; }
  /// Two of them, independent, for the price of one: Box and Muller, Annals of Mathematical
  /// Statistics 29, 1958.
  std::pair<double, double> NormalPair();
  /// In [0, size); `size` is positive.
  std::size_t Below(std::size_t size);

 private:
  std::uint64_t state_;
};

/// Brings the items into random order, every one equally likely. Source: Fisher and Yates, in
/// Durstenfeld's form, CACM 7, 1964.
template <class Item>
void Shuffle(std::span<Item> items, Random& random) {
  for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[random.Below(i)]);
}

/// Random bits from the system, other ones in each start of the program.
std::function<std::uint64_t()> SystemRandom();

}  // namespace ollama_bench
