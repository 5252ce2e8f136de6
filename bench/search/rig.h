#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/core/random.h"
#include "search/surfaces.h"

namespace ollama_bench {

/// How a simulated machine disturbs what it is asked.
struct Noise {
  std::string name;
  double sigma = 0.02;            ///< of the log of one measurement, load and run together
  double drift = 0.0;             ///< largest slow deviation, relative
  double outliers = 0.0;          ///< share of readings at × 0.6–0.9
  double passing_failures = 0.0;  ///< share of visits that fail though the cell loads
  bool hops = false;              ///< between × 1 and × 0.91, for 5–60 s, blind to the cell
};

/// A simulated machine: answers visits of cells with a rate or a failure, and keeps the time.
class Rig {
 public:
  Rig(const Surface& surface, const Noise& noise, std::uint64_t seed);

  /// Tokens/s, or nothing where the cell failed.
  std::optional<double> Measure(std::size_t cell);
  [[nodiscard]] double seconds() const { return seconds_; }
  [[nodiscard]] const Surface& surface() const { return *surface_; }

 private:
  double HopLog(double duration);

  const Surface* surface_;
  Noise noise_;
  Random random_;
  double seconds_ = 0.0;
  double drift_phase_;
  double drift_period_;
  bool low_ = false;
  double hop_left_ = 0.0;
};

}  // namespace ollama_bench
