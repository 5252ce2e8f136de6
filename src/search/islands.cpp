#include "islands.h"

#include <algorithm>
#include <array>

namespace ollama_bench {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// What is narrower than the first, no search of some dozen visits finds; what is wider than the
// last, the smooth part of the model sees by itself.
constexpr std::array kReaches = {0.2, 0.3};
constexpr std::size_t kMostPerAxis = 13;

/// At most kMostPerAxis indices of an axis, evenly, both ends among them.
std::vector<std::size_t> Spread(std::size_t size) {
  const std::size_t count = std::min(size, kMostPerAxis);
  std::vector<std::size_t> result;
  for (std::size_t i = 0; i < count; ++i) {
    result.push_back(count > 1 ? i * (size - 1) / (count - 1) : 0);
  }
  return result;
}

}  // namespace

Islands::Islands(const SearchGrid& grid) : grid_(&grid) {
  for (const std::size_t ctx : Spread(grid.across().values.size())) {
    for (const std::size_t batch : Spread(grid.down().values.size())) {
      tops_.push_back(grid.At(ctx, batch));
      for (const double reach : kReaches) islands_.push_back({tops_.back(), reach});
    }
  }
}

double Islands::Height(const Island& island, std::size_t cell) const {
  const double squared = grid_->SquaredDistance(island.top, cell) / (island.reach * island.reach);
  const double inside = std::max(0.0, 1.0 - squared);
  return inside * inside;
}

MatrixXd Islands::Heights(const std::vector<std::size_t>& cells) const {
  return MatrixXd::NullaryExpr(static_cast<Index>(cells.size()),
                               static_cast<Index>(islands_.size()), [&](Index cell, Index island) {
                                 return Height(islands_[static_cast<std::size_t>(island)],
                                               cells[static_cast<std::size_t>(cell)]);
                               });
}

std::shared_ptr<const VectorXd> Islands::Shape(const Island& island) const {
  return std::make_shared<const VectorXd>(VectorXd::NullaryExpr(
      static_cast<Index>(grid_->CellCount()),
      [&](Index cell) { return Height(island, static_cast<std::size_t>(cell)); }));
}

}  // namespace ollama_bench
