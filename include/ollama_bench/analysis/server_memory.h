#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ollama_bench/core/cell.h"
#include "ollama_bench/core/cell_result.h"

namespace ollama_bench {

/// What a setting of the server costs in memory.
struct ServerMemory {
  Cell server;                        ///< its settings alone
  std::int64_t size_bytes = 0;        ///< of the loaded model, median over loads
  std::optional<int> largest_on_gpu;  ///< num_ctx, tokens: the largest that was wholly on GPUs
};

/// Of several settings of the server, compared where all else is equal.
struct MemoryComparison {
  Cell shared;  ///< the rest of the cells that are compared: of those with the largest context
  std::vector<ServerMemory> settings;  ///< ascending; at least two
};

/// Empty where no two settings of the server were measured with the rest equal. Cells that failed
/// or are aliases say nothing.
std::optional<MemoryComparison> CompareMemory(const std::vector<CellResult>& results);

}  // namespace ollama_bench
