#include "start_design.h"

#include <algorithm>
#include <cmath>
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
  Shuffle(std::span(strata), random);
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

namespace {

// A visit informs about cells so near, as a share of each axis by index: an island of fast cells
// that is narrower may be missed.
constexpr double kSight = 0.13;

/// Calls visit(index) for the indices of an axis within sight of `at`, with their squared distance.
template <class Visit>
void ForEachInSight(std::size_t at, std::size_t size, Visit visit) {
  const double step = size > 1 ? 1.0 / static_cast<double>(size - 1) : 1.0;
  const auto reach = static_cast<std::size_t>(kSight / step);
  for (std::size_t i = at - std::min(at, reach); i <= std::min(size - 1, at + reach); ++i) {
    const double distance = (static_cast<double>(i) - static_cast<double>(at)) * step;
    visit(i, distance * distance);
  }
}

template <class Visit>
void ForEachInSight(const SearchGrid& grid, std::size_t cell, Visit visit) {
  ForEachInSight(grid.AcrossIndex(cell), grid.across().values.size(),
                 [&](std::size_t ctx, double squared) {
                   ForEachInSight(grid.DownIndex(cell), grid.down().values.size(),
                                  [&](std::size_t batch, double more) {
                                    if (squared + more <= kSight * kSight)
                                      visit(grid.At(ctx, batch));
                                  });
                 });
}

}  // namespace

std::optional<std::size_t> Coverage::MostRevealing(const std::vector<std::size_t>& visits,
                                                   std::vector<double> worth) const {
  const std::vector<double> chance = worth;
  for (const std::size_t visit : visits) {
    ForEachInSight(*grid_, visit, [&](std::size_t cell) { worth[cell] = 0.0; });
  }
  double most = 0.0;
  std::optional<std::size_t> result;
  for (std::size_t cell = 0; cell < worth.size(); ++cell) {
    if (chance[cell] == 0.0) continue;
    double revealed = 0.0;
    ForEachInSight(*grid_, cell, [&](std::size_t near) { revealed += worth[near]; });
    if (chance[cell] * revealed > most) {
      most = chance[cell] * revealed;
      result = cell;
    }
  }
  return result;
}

std::optional<std::size_t> Coverage::Farthest(const std::vector<std::size_t>& visits,
                                              const std::vector<double>& worth) const {
  double most = 0.0;
  std::optional<std::size_t> result;
  for (std::size_t cell = 0; cell < worth.size(); ++cell) {
    const double value = worth[cell] > 0.0 ? worth[cell] * Distance(visits, cell) : 0.0;
    if (value > most) {
      most = value;
      result = cell;
    }
  }
  return result;
}

double Coverage::Distance(const std::vector<std::size_t>& visits, std::size_t cell) const {
  double least = 4.0;
  for (const std::size_t visit : visits) {
    least = std::min(least, grid_->SquaredDistance(cell, visit));
  }
  return std::sqrt(least);
}

}  // namespace ollama_bench
