#pragma once

#include <optional>
#include <vector>

#include "ollama_bench/core/axis.h"
#include "ollama_bench/core/cell_result.h"

namespace ollama_bench {

/// The cells that may be recommended: of the planned grid (where that is not known: of all),
/// measured, not failing in more than a third of their visits, and not among neighbours along the
/// axes that all failed: such a cell fits by chance.
std::vector<Cell> EligibleCells(const std::vector<CellResult>& results, const Space& planned);

/// How many of the planned cells were visited, or are another one under a second name.
std::size_t VisitedCells(const std::vector<CellResult>& results, const Space& planned);

}  // namespace ollama_bench
