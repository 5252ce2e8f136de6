#pragma once

#include <cstddef>
#include <optional>

#include "ollama_bench/core/cell.h"
#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/sample.h"

namespace ollama_bench {

/// One load of the model for one cell.
struct Visit {
  Cell cell;
  SampleRole role = SampleRole::kMeasure;  ///< of the counted samples
  /// Counted samples to take, whatever the cell has already; empty: those that the configuration
  /// wants and the cell still lacks.
  std::optional<int> samples;
  bool decode = false;  ///< also measure the decode rate, after the samples

  friend bool operator==(const Visit&, const Visit&) = default;
};

/// Chooses which cell is measured next: grid order for `run`, an adaptive search for `tune`.
/// It is in core so that a search needs to know nothing but values. Not thread-safe.
class Strategy {
 public:
  virtual ~Strategy() = default;

  /// The next visit, or nothing when the strategy is done. A cell may come up again.
  virtual std::optional<Visit> Next() = 0;
  /// All that is known of the cell after the visit, called once for each that Next returned.
  virtual void Report(const CellResult& result) = 0;
  /// Visits still expected, for progress; an estimate where the strategy decides as it goes.
  [[nodiscard]] virtual std::size_t Remaining() const = 0;
};

}  // namespace ollama_bench
