#include "search_grid.h"

#include <algorithm>
#include <cmath>

#include "ollama_bench/search/search.h"

namespace ollama_bench {
namespace {

// Rates saturate in most parameters: a doubling of a small value does more than of a large one. A
// context costs in proportion to its length.
double WarpOf(const Axis& axis, int first) {
  return axis.parameter == Parameter::kNumCtx || first <= 0 ? 0.0 : 0.5;
}

SearchAxis MakeAxis(const Axis& axis) {
  SearchAxis result;
  result.values = axis.values;
  std::sort(result.values.begin(), result.values.end());
  const std::size_t size = result.values.size();
  result.position.assign(size, 0.0);
  result.measure.assign(size, 0.0);
  if (size < 2) return result;
  const double first = result.values.front();
  const double range = result.values.back() - first;
  // The share of the logarithm in a value's position; the rest is its index.
  const double warp = WarpOf(axis, result.values.front());
  for (std::size_t i = 0; i < size; ++i) {
    const double by_index = static_cast<double>(i) / static_cast<double>(size - 1);
    const double by_log =
        warp > 0 ? std::log(result.values[i] / first) / std::log(result.values.back() / first) : 0;
    result.position[i] = (1.0 - warp) * by_index + warp * by_log;
    result.measure[i] = (result.values[i] - first) / range;
  }
  return result;
}

std::optional<std::size_t> IndexOf(const SearchAxis& axis, int value) {
  const auto found = std::lower_bound(axis.values.begin(), axis.values.end(), value);
  if (found == axis.values.end() || *found != value) return std::nullopt;
  return static_cast<std::size_t>(found - axis.values.begin());
}

}  // namespace

std::optional<Grid> SearchGridOf(const Space& space) {
  std::vector<Axis> searched;
  std::vector<Axis> held;
  for (const ParameterInfo& info : AllParameters()) {
    const Axis* axis = space.Find(info.parameter);
    if (axis == nullptr) continue;
    const bool may_be_searched = info.type == ParameterType::kCount && info.scope == Scope::kModel;
    if (axis->values.size() > 1 && !may_be_searched) return std::nullopt;
    (axis->values.size() > 1 ? searched : held).push_back(*axis);
  }
  if (searched.size() > 2) return std::nullopt;
  // One value is an axis too, best one of the model.
  std::stable_partition(held.begin(), held.end(), [](const Axis& axis) {
    return Describe(axis.parameter).scope == Scope::kModel;
  });
  while (searched.size() < 2 && !held.empty()) {
    searched.push_back(held.front());
    held.erase(held.begin());
  }
  if (searched.empty()) return std::nullopt;
  if (searched.size() < 2) {
    const bool is_down = searched.front().parameter == kUsualDown;
    searched.push_back({is_down ? kUsualAcross : kUsualDown, {kAutoValue}});
  }
  std::sort(searched.begin(), searched.end(),
            [](const Axis& a, const Axis& b) { return a.parameter < b.parameter; });
  Grid grid{searched[0], searched[1], Cell()};
  for (const Axis& axis : held) grid.fixed.Set(axis.parameter, axis.values.front());
  return grid;
}

SearchGrid::SearchGrid(const Grid& grid)
    : across_parameter_(grid.across.parameter),
      down_parameter_(grid.down.parameter),
      fixed_(grid.fixed),
      across_(MakeAxis(grid.across)),
      down_(MakeAxis(grid.down)) {}

Cell SearchGrid::CellAt(std::size_t cell) const {
  return fixed_.With(across_parameter_, across_.values[AcrossIndex(cell)])
      .With(down_parameter_, down_.values[DownIndex(cell)]);
}

std::optional<std::size_t> SearchGrid::Find(Cell cell) const {
  const auto column = IndexOf(across_, cell[across_parameter_]);
  const auto row = IndexOf(down_, cell[down_parameter_]);
  if (!column || !row) return std::nullopt;
  const std::size_t place = At(*column, *row);
  if (CellAt(place) != cell) return std::nullopt;
  return place;
}

double SearchGrid::SquaredDistance(std::size_t a, std::size_t b) const {
  const double across = across_.position[AcrossIndex(a)] - across_.position[AcrossIndex(b)];
  const double down = down_.position[DownIndex(a)] - down_.position[DownIndex(b)];
  return across * across + down * down;
}

}  // namespace ollama_bench
