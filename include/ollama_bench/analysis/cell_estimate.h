#pragma once

#include <optional>
#include <vector>

#include "ollama_bench/analysis/load_units.h"
#include "ollama_bench/analysis/noise_model.h"
#include "ollama_bench/core/cell.h"

namespace ollama_bench {

/// The lower and the upper end of an interval.
struct Interval {
  double low = 0;
  double high = 0;

  friend bool operator==(const Interval&, const Interval&) = default;
};

/// A quantity on the log scale with what is not known of it.
struct LogEstimate {
  double value = 0;  ///< natural log, or a difference of two
  NoiseShares shares;
  StandardError error;

  /// On the log scale.
  [[nodiscard]] Interval LogInterval(double level) const;
  /// Of exp(value): a rate's interval in its own unit, or a ratio's.
  [[nodiscard]] Interval RatioInterval(double level) const;
};

/// What is known of one cell's true value: the mean over its loads.
struct CellEstimate {
  Cell cell;
  LogEstimate log;
  int loads = 0;
  int runs = 0;
  int confirming = 0;  ///< of the loads; where there are some, those of the pass do not count

  [[nodiscard]] double value() const;  ///< exp(log.value), in the metric's unit
};

/// One estimate for each cell that has a unit, ordered by cell. Loads are weighted by the inverse
/// of their variances at the noise's posterior mean.
std::vector<CellEstimate> EstimateCells(const std::vector<LoadUnit>& units,
                                        const NoiseModel& noise);

/// b - a, where both are independent.
LogEstimate Difference(const LogEstimate& a, const LogEstimate& b, const NoiseModel& noise);

}  // namespace ollama_bench
