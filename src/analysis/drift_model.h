#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "effect_model.h"
#include "ollama_bench/analysis/cell_estimate.h"
#include "ollama_bench/analysis/load_units.h"

namespace ollama_bench {

/// What loads that share a machine say of their cells, where nothing is believed of the cells
/// beforehand:
///
///   value = offset(origin) + cell + drift(time) + load + runs
///
/// The drift is an Ornstein-Uhlenbeck process within each origin; offsets and cells have a flat
/// prior, so that differences are not shrunk. Noise of the loads and drift are averaged over a grid
/// of their posterior; everything is normal, as in NoiseModel. Deterministic.
class DriftModel {
 public:
  /// A cell, and how often it is counted in a combination.
  using Term = std::pair<std::size_t, double>;

  /// At least one unit.
  explicit DriftModel(const std::vector<LoadUnit>& units);

  /// The number of the cell; empty where it has no load.
  [[nodiscard]] std::optional<std::size_t> Find(const Cell& cell) const;
  /// Of a combination whose terms add up to 0. Its shares are empty: it has a drift besides.
  [[nodiscard]] LogEstimate Contrast(const std::vector<Term>& terms) const;
  /// Of the cell's value at the mean level of all loads.
  [[nodiscard]] LogEstimate Value(std::size_t cell) const;

 private:
  struct Point {
    double weight = 0;  // they add up to 1
    std::unique_ptr<EffectPosterior> effects;
  };

  [[nodiscard]] LogEstimate Of(const EffectPosterior::Vector& combination) const;

  std::unique_ptr<EffectData> data_;  // the points refer to it
  std::vector<Point> points_;
};

}  // namespace ollama_bench
