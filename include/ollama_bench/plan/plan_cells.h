#pragma once

#include <vector>

#include "ollama_bench/core/axis.h"
#include "ollama_bench/core/cell.h"

namespace ollama_bench {

/// All cells of `grid`, each once, in the order of the axes' values: all num_batch of one num_ctx
/// first (a column of the picture), or with `row_first` all num_ctx of one num_batch.
std::vector<Cell> PlanCells(const Grid& grid, bool row_first);

}  // namespace ollama_bench
