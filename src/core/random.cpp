#include "ollama_bench/core/random.h"

#include <cmath>
#include <memory>
#include <numbers>
#include <random>

namespace ollama_bench {

std::uint64_t Random::Bits() {
  state_ += 0x9e3779b97f4a7c15U;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31U);
}

double Random::Uniform() {
  return (static_cast<double>(Bits() >> 11U) + 0.5) * 0x1p-53;
}

std::pair<double, double> Random::NormalPair() {
  const double radius = std::sqrt(-2.0 * std::log(Uniform()));
  const double angle = 2.0 * std::numbers::pi * Uniform();
  return {radius * std::cos(angle), radius * std::sin(angle)};
}

std::size_t Random::Below(std::size_t size) {
  return static_cast<std::size_t>(Uniform() * static_cast<double>(size)) % size;
}

std::function<std::uint64_t()> SystemRandom() {
  // Shared, because a std::function must be copyable and a random_device is not.
  auto device = std::make_shared<std::random_device>();
  return [device] { return std::uint64_t{(*device)()} << 32U | (*device)(); };
}

}  // namespace ollama_bench
