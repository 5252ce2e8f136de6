#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "ollama_bench/core/cell.h"
#include "ollama_bench/core/cell_result.h"

namespace ollama_bench {

struct PendingRules {
  std::optional<int> repetitions;     ///< as configured; empty: decided by the run's length
  bool retry_failed = false;          ///< measure failed cells again
  std::optional<std::size_t> limit;   ///< at most so many cells
  bool remeasure_unverified = false;  ///< measure cells again that have unverified samples alone
};

/// What a sweep that starts or resumes has before it. done + failed + cells is the number of
/// planned cells, unless a limit left some out.
struct Pending {
  std::size_t done = 0;     ///< measured before, or an alias of a cell that was
  std::size_t failed = 0;   ///< failed before and not tried again
  std::vector<Cell> cells;  ///< to measure, in the planned order
};

/// Splits `planned` by what is known, as StatusOf has it. A measured cell lacks samples only where
/// its latest visit was interrupted. Results of cells that are not planned are passed over.
Pending FindPending(std::span<const Cell> planned, std::span<const CellResult> results,
                    const PendingRules& rules);

}  // namespace ollama_bench
