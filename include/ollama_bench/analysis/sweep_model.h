#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "ollama_bench/analysis/load_units.h"
#include "ollama_bench/core/cell.h"

namespace ollama_bench {

/// A quantity on the log scale: posterior mean, standard deviation, and the central interval that
/// holds it with probability 95 %.
struct LogPosterior {
  double mean = 0;
  double deviation = 0;
  double low = 0;
  double high = 0;
};

/// Joint draws of the values of some cells, without what all cells share (offset and drift).
struct JointDraws {
  std::size_t count = 0;
  std::size_t cells = 0;
  std::vector<double> values;  ///< a row of `cells` natural logs for each draw

  [[nodiscard]] std::span<const double> Row(std::size_t draw) const {
    return {values.data() + draw * cells, cells};
  }
};

/// What a sweep's loads say of its cells, on the log scale of the metric:
///
///   value = offset(origin) + main effects of the cell's values + effect(cell)
///           + drift(time) + load + runs
///
/// Main effects are normal, each axis with a variance of its own; cell effects and loads are
/// Student t with 4 degrees of freedom; the drift is an Ornstein-Uhlenbeck process within each
/// origin; offsets have a flat prior. The scales are averaged over points around their posterior
/// mode (central composite design; Rue, Martino and Chopin, JRSS B 71, 2009). Deterministic.
class SweepModel {
 public:
  /// Empty without a load.
  static std::optional<SweepModel> Fit(std::span<const LoadUnit> units);
  SweepModel(SweepModel&&) noexcept;
  SweepModel& operator=(SweepModel&&) noexcept;
  ~SweepModel();

  /// Those with a load, ascending.
  [[nodiscard]] const std::vector<Cell>& cells() const;
  [[nodiscard]] std::optional<std::size_t> Find(const Cell& cell) const;

  /// Of each cell, at the mean level of the sweep: natural log of the metric.
  [[nodiscard]] std::vector<LogPosterior> Values() const;
  /// Of each cell's value less that of `reference`.
  [[nodiscard]] std::vector<LogPosterior> Contrasts(std::size_t reference) const;
  /// Posterior means alone: what cells are ordered by. Without offset and drift.
  [[nodiscard]] const std::vector<double>& Means() const;
  /// What the main effects alone say of each cell, on the scale of Means().
  [[nodiscard]] const std::vector<double>& AdditiveMeans() const;
  /// What each cell's loads read on average, without offset and drift, on the scale of Means().
  [[nodiscard]] std::vector<double> Readings() const;
  /// Of a mean over cells less the mean over other cells.
  [[nodiscard]] LogPosterior Difference(std::span<const std::size_t> cells,
                                        std::span<const std::size_t> others) const;
  /// `count` draws for the cells, the same for the same loads.
  [[nodiscard]] JointDraws Draw(std::span<const std::size_t> cells, std::size_t count) const;

  /// Scale of the noise between loads, and between runs of one load, relative; posterior means.
  [[nodiscard]] double load_deviation() const;
  [[nodiscard]] double run_deviation() const;
  /// Variance of a load of `runs` runs about its cell's value and the drift.
  [[nodiscard]] double LoadVariance(int runs) const;
  /// Largest less smallest drift over the sweep, relative, and its standard deviation at a time.
  [[nodiscard]] double drift_range() const;

 private:
  struct Impl;
  explicit SweepModel(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace ollama_bench
