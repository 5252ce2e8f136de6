#pragma once

#include <optional>
#include <vector>

#include "ollama_bench/analysis/result_table.h"
#include "ollama_bench/core/cell.h"

namespace ollama_bench {

struct BestCell {
  Cell cell;
  double value = 0;  ///< in the metric's unit

  friend bool operator==(const BestCell&, const BestCell&) = default;
};

/// The measured cell with the highest value, or the lowest where the metric says so. Of equal
/// values the larger num_ctx wins, then the smaller num_batch: more context for the same speed,
/// and less memory. Empty where nothing was measured.
std::optional<BestCell> FindBestCell(const ResultTable& table);
/// The same within each column, in the order of the num_ctx axis.
std::vector<std::optional<BestCell>> BestPerNumCtx(const ResultTable& table);
/// The same within each row, in the order of the num_batch axis.
std::vector<std::optional<BestCell>> BestPerNumBatch(const ResultTable& table);

}  // namespace ollama_bench
