#include "ollama_bench/plan/plan_cells.h"

namespace ollama_bench {

std::vector<Cell> PlanCells(const Grid& grid, bool row_first) {
  const std::vector<int>& outer = row_first ? grid.num_batch.values : grid.num_ctx.values;
  const std::vector<int>& inner = row_first ? grid.num_ctx.values : grid.num_batch.values;
  std::vector<Cell> cells;
  cells.reserve(grid.CellCount());
  for (const int a : outer) {
    for (const int b : inner) cells.push_back(row_first ? Cell{b, a} : Cell{a, b});
  }
  return cells;
}

}  // namespace ollama_bench
