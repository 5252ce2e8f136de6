#include "start_design.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "ollama_bench/core/random.h"

namespace ollama_bench {
namespace {

constexpr int kTries = 300;

/// The index on an axis of `values` values in the middle of stratum `stratum` of `strata`.
std::size_t Middle(std::size_t stratum, std::size_t strata, std::size_t values) {
  return (2 * stratum + 1) * values / (2 * strata);
}

std::vector<std::size_t> Hypercube(const SearchGrid& grid, std::size_t size, Random& random) {
  std::vector<std::size_t> strata(size);
  std::iota(strata.begin(), strata.end(), std::size_t{0});
  for (std::size_t i = size; i > 1; --i) std::swap(strata[i - 1], strata[random.Below(i)]);
  std::vector<std::size_t> cells;
  for (std::size_t i = 0; i < size; ++i) {
    cells.push_back(grid.At(Middle(i, size, grid.across().values.size()),
                            Middle(strata[i], size, grid.down().values.size())));
  }
  return cells;
}

double LeastDistance(const SearchGrid& grid, const std::vector<std::size_t>& cells) {
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < cells.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      least = std::min(least, grid.SquaredDistance(cells[i], cells[j]));
    }
  }
  return least;
}

}  // namespace

std::vector<std::size_t> StartDesign(const SearchGrid& grid, std::size_t size, std::uint64_t seed) {
  std::vector<std::size_t> best;
  if (grid.CellCount() <= size) {
    best.resize(grid.CellCount());
    std::iota(best.begin(), best.end(), std::size_t{0});
    return best;
  }
  Random random(seed);
  double widest = -1.0;
  for (int i = 0; i < kTries; ++i) {
    std::vector<std::size_t> cells = Hypercube(grid, size, random);
    const double distance = LeastDistance(grid, cells);
    if (distance > widest) {
      widest = distance;
      best = std::move(cells);
    }
  }
  std::vector<std::size_t> distinct;
  for (const std::size_t cell : best) {
    if (std::find(distinct.begin(), distinct.end(), cell) == distinct.end()) {
      distinct.push_back(cell);
    }
  }
  return distinct;
}

}  // namespace ollama_bench
