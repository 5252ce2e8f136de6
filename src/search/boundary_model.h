#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "search_grid.h"

namespace ollama_bench {

/// What the visits of one cell say of its being inside a region.
struct BoundaryLabel {
  std::size_t cell = 0;
  double log_inside = 0.0;   ///< log likelihood of what was seen, if it is inside
  double log_outside = 0.0;  ///< the same, if it is outside
};

/// Prior probabilities of the region's shape.
struct BoundaryPrior {
  double everything = 0.4;  ///< the region is the whole grid
  double below = 0.4;       ///< it lies below a line of equal need
  double above = 0.05;      ///< it lies above one
  double outer = 0.1;       ///< it is what a band between two lines leaves
  double band = 0.05;       ///< it is a band between two lines
};

/// A region of the grid that ends at lines of equal need, need = k·a + g·d + h·a·d of
/// the values across and down, with unknown k, g, h ≥ 0: what fits into memory, what runs on one
/// number of GPUs. Directions of need are averaged by their evidence, the lines' places integrated
/// exactly.
class BoundaryModel {
 public:
  explicit BoundaryModel(const SearchGrid& grid);

  /// By cell: the probability that it is inside.
  [[nodiscard]] std::vector<double> Inside(const std::vector<BoundaryLabel>& labels,
                                           const BoundaryPrior& prior) const;

 private:
  std::vector<std::vector<double>> needs_;  ///< by direction and cell, 0 to 1
};

}  // namespace ollama_bench
