#pragma once

#include <chrono>

#include "ollama_bench/core/random.h"
#include "ollama_bench/core/traffic.h"

namespace ollama_bench {

/// The times at which the requests of a rate are due.
class Arrivals {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// `rate` is positive, per second.
  Arrivals(Arrival kind, double rate, std::uint64_t seed, Time first)
      : kind_(kind), gap_s_(1 / rate), random_(seed), next_(first) {}

  [[nodiscard]] Time next() const { return next_; }
  /// Gives next(), and goes on to the one after it.
  Time Take();

 private:
  Arrival kind_;
  double gap_s_;  ///< mean
  Random random_;
  Time next_;
};

}  // namespace ollama_bench
