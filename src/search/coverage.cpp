#include "coverage.h"

#include <algorithm>
#include <cmath>

namespace ollama_bench {
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
