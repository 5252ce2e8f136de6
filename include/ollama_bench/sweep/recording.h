#pragma once

#include <optional>
#include <vector>

#include "ollama_bench/core/axis.h"
#include "ollama_bench/core/cell.h"
#include "ollama_bench/core/cell_result.h"

namespace ollama_bench {

/// What a finished sweep knows of its cells, to answer from it. A cell is recorded when it has a
/// counted sample or failed (StatusOf); an alias answers as the cell that it is an alias of. That
/// an earlier replay found no record is none.
class Recording {
 public:
  explicit Recording(std::vector<CellResult> results);

  /// The record that answers for `cell`; null where there is none.
  [[nodiscard]] const CellResult* Find(const Cell& cell) const;
  /// The values that recorded cells have of each parameter that one of them sets, ascending.
  [[nodiscard]] Space Axes() const;
  /// Those of `cells` that are recorded, in their order.
  [[nodiscard]] std::vector<Cell> Select(const std::vector<Cell>& cells) const;

 private:
  [[nodiscard]] const CellResult* FindEntry(const Cell& cell) const;

  std::vector<CellResult> results_;  ///< ascending by cell, one for each
};

}  // namespace ollama_bench
