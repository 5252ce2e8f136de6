#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/core/cell.h"
#include "ollama_bench/core/failure.h"
#include "ollama_bench/core/sample.h"

namespace ollama_bench {

/// Everything known of one cell. The state is derived, never stored: a cell can hold samples and,
/// from an earlier or a later attempt, a failure.
struct CellResult {
  Cell cell;
  std::vector<Sample>
      samples;  ///< in the order they were taken, warm-ups and excluded ones included
  std::optional<Failure> failure;
  std::optional<Cell>
      alias_of;           ///< the cell with the same effective values that was measured instead
  std::string reason;     ///< why it is an alias
  std::string timestamp;  ///< of the last change, ISO 8601

  friend bool operator==(const CellResult&, const CellResult&) = default;
};

/// Number of samples that enter the cell's rate.
int CountedSamples(const CellResult& result);
/// Whether the cell's last load ended without a counted sample because others disturbed it.
bool EndedDisturbed(const CellResult& result);
/// Median prompt eval rate of the counted samples in tokens/s; empty when there is none.
std::optional<double> MedianPromptEvalRate(const CellResult& result);

}  // namespace ollama_bench
