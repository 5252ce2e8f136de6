#include "ollama_bench/core/cell_neighbours.h"

#include <iterator>

namespace ollama_bench {
namespace {

std::vector<int> Beside(const std::set<int>& values, int value) {
  std::vector<int> beside;
  const auto place = values.find(value);
  if (place == values.end()) return beside;
  if (place != values.begin()) beside.push_back(*std::prev(place));
  if (std::next(place) != values.end()) beside.push_back(*std::next(place));
  return beside;
}

}  // namespace

void CellNeighbours::Add(const Cell& cell) {
  for (const ParameterInfo& info : AllParameters()) {
    if (!cell.Sets(info.parameter)) continue;
    values_[static_cast<std::size_t>(info.parameter)].insert(cell[info.parameter]);
  }
}

std::vector<Cell> CellNeighbours::Of(const Cell& cell) const {
  std::vector<Cell> cells;
  for (const ParameterInfo& info : AllParameters()) {
    if (info.type != ParameterType::kCount) continue;
    const auto& values = values_[static_cast<std::size_t>(info.parameter)];
    for (const int value : Beside(values, cell[info.parameter])) {
      cells.push_back(cell.With(info.parameter, value));
    }
  }
  return cells;
}

}  // namespace ollama_bench
