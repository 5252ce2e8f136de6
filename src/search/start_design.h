#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "search_grid.h"

namespace ollama_bench {

/// The first cells of a search, distinct: a Latin hypercube of about `size` cells that keeps its
/// cells far from each other. All cells of a grid that has no more than `size`.
std::vector<std::size_t> StartDesign(const SearchGrid& grid, std::size_t size, std::uint64_t seed);

/// Which parts of a grid the visited cells inform about. The grid must outlive it.
class Coverage {
 public:
  explicit Coverage(const SearchGrid& grid) : grid_(&grid) {}

  /// The cell whose visit would bring the most of what is worth seeing within sight: `worth` by
  /// cell, 0 for those not to be visited. Empty where all that is worth something was in sight.
  [[nodiscard]] std::optional<std::size_t> MostRevealing(const std::vector<std::size_t>& visits,
                                                         std::vector<double> worth) const;
  /// The cell with the largest product of `worth` and the distance to the nearest visit; empty
  /// where no unvisited cell is worth anything.
  [[nodiscard]] std::optional<std::size_t> Farthest(const std::vector<std::size_t>& visits,
                                                    const std::vector<double>& worth) const;
  /// To the nearest visit, each axis 1 long; 2 where there is none.
  [[nodiscard]] double Distance(const std::vector<std::size_t>& visits, std::size_t cell) const;

 private:
  const SearchGrid* grid_;
};

}  // namespace ollama_bench
