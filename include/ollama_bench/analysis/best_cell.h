#pragma once

#include <optional>
#include <span>
#include <vector>

#include "ollama_bench/analysis/result_table.h"
#include "ollama_bench/core/axis.h"
#include "ollama_bench/core/cell.h"
#include "ollama_bench/core/cell_result.h"

namespace ollama_bench {

/// The cells that may be recommended: of the planned grid (where that is not known: of all),
/// measured, not failing in more than a third of their visits, and not among neighbours along the
/// axes that all failed: such a cell fits by chance.
std::vector<Cell> EligibleCells(const std::vector<CellResult>& results, const Space& planned);

/// How many of the planned cells were visited, or are another one under a second name.
std::size_t VisitedCells(const std::vector<CellResult>& results, const Space& planned);

struct BestCell {
  Cell cell;
  double value = 0;  ///< in the metric's unit

  friend bool operator==(const BestCell&, const BestCell&) = default;
};

/// The measured cell with the highest value, or the lowest where the metric says so. Of equal
/// values the preferred one wins, parameter after parameter: more context for the same speed, and
/// less memory. Unverified values are no candidates. Empty where nothing was measured.
std::optional<BestCell> FindBestCell(std::span<const ResultTable> tables);

/// The best cell of those that have `value`.
struct BestOfValue {
  int value = 0;
  std::optional<BestCell> best;

  friend bool operator==(const BestOfValue&, const BestOfValue&) = default;
};

/// One for each value of the parameter in the tables, ascending.
std::vector<BestOfValue> BestPerValue(std::span<const ResultTable> tables, Parameter parameter);

}  // namespace ollama_bench
