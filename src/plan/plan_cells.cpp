#include "ollama_bench/plan/plan_cells.h"

#include <algorithm>

namespace ollama_bench {
namespace {

// From the one that varies slowest to the one that varies fastest.
std::vector<Axis> InOrder(const Space& space, bool row_first) {
  std::vector<Axis> axes = space.axes;
  const auto find = [&axes](Parameter parameter) {
    return std::find_if(axes.begin(), axes.end(),
                        [parameter](const Axis& axis) { return axis.parameter == parameter; });
  };
  const auto across = find(kUsualAcross);
  const auto down = find(kUsualDown);
  if (across != axes.end() && down != axes.end() && (down < across) != row_first) {
    std::iter_swap(across, down);
  }
  std::stable_sort(axes.begin(), axes.end(), [](const Axis& a, const Axis& b) {
    return Describe(a.parameter).scope < Describe(b.parameter).scope;
  });
  return axes;
}

}  // namespace

std::vector<Cell> PlanCells(const Space& space, bool row_first) {
  if (space.CellCount() == 0) return {};
  std::vector<Cell> cells{Cell()};
  for (const Axis& axis : InOrder(space, row_first)) {
    std::vector<Cell> all;
    all.reserve(cells.size() * axis.values.size());
    for (const Cell& cell : cells) {
      for (const int value : axis.values) all.push_back(cell.With(axis.parameter, value));
    }
    cells = std::move(all);
  }
  return cells;
}

}  // namespace ollama_bench
