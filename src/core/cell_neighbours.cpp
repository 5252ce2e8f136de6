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
  num_ctx_.insert(cell.num_ctx);
  num_batch_.insert(cell.num_batch);
}

std::vector<Cell> CellNeighbours::Of(const Cell& cell) const {
  std::vector<Cell> cells;
  for (const int num_ctx : Beside(num_ctx_, cell.num_ctx)) {
    cells.push_back({num_ctx, cell.num_batch});
  }
  for (const int num_batch : Beside(num_batch_, cell.num_batch)) {
    cells.push_back({cell.num_ctx, num_batch});
  }
  return cells;
}

}  // namespace ollama_bench
