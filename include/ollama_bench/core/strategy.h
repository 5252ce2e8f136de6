#pragma once

#include <optional>

#include "ollama_bench/core/cell.h"
#include "ollama_bench/core/cell_result.h"

namespace ollama_bench {

/// Chooses which cell is measured next: grid order for `run`, an adaptive search for `tune`.
/// It stands in core so that a search needs to know nothing but values. Not thread-safe.
class Strategy {
 public:
  virtual ~Strategy() = default;

  /// The next cell to visit, or nothing when the strategy is done. A cell may come up again.
  virtual std::optional<Cell> Next() = 0;
  /// What the visit brought, called once after each cell that Next returned.
  virtual void Report(const CellResult& result) = 0;
  /// Visits still expected, for progress; an estimate where the strategy decides as it goes.
  [[nodiscard]] virtual std::size_t Remaining() const = 0;
};

}  // namespace ollama_bench
