#pragma once

#include <vector>

#include "ollama_bench/core/axis.h"
#include "ollama_bench/core/cell.h"

namespace ollama_bench {

/// All cells of `space`, each once: what is dear to change varies slowest, among equals what was
/// written first. Of num_ctx and num_batch, num_ctx does (a column of the picture first), or with
/// `row_first` num_batch.
std::vector<Cell> PlanCells(const Space& space, bool row_first);

}  // namespace ollama_bench
