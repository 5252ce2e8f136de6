#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "ollama_bench/core/axis.h"
#include "ollama_bench/core/cell.h"
#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/failure.h"
#include "ollama_bench/core/metric.h"
#include "ollama_bench/core/sample.h"

namespace ollama_bench {

/// What a model expects of a cell that was not measured.
struct ExpectedValue {
  double value = 0;   ///< in the metric's unit
  double margin = 0;  ///< relative; the value lies this close at 95 %

  friend bool operator==(const ExpectedValue&, const ExpectedValue&) = default;
};

/// Planned, but nothing was measured yet.
struct Untested {
  std::optional<ExpectedValue> estimate;  ///< where a model was asked and dares to say

  friend bool operator==(const Untested&, const Untested&) = default;
};

struct Measured {
  double value = 0;  ///< in the metric's unit
  int samples = 0;   ///< counted ones; for load times all of the cell
  /// From samples that are not known to be comparable with those of other cells, which are.
  bool unverified = false;

  friend bool operator==(const Measured&, const Measured&) = default;
};

/// The cell was tried and has no value.
struct Failed {
  FailureKind kind = FailureKind::kUnknown;
  std::string message;  ///< one line, may be empty

  friend bool operator==(const Failed&, const Failed&) = default;
};

/// Ollama reported rates, but none of them may count. The reason is the first sample's.
struct Excluded {
  Exclusion reason = Exclusion::kCached;

  friend bool operator==(const Excluded&, const Excluded&) = default;
};

/// The same effective values as `cell`, which was measured instead.
struct AliasOf {
  Cell cell;

  friend bool operator==(const AliasOf&, const AliasOf&) = default;
};

using CellState = std::variant<Untested, Measured, Failed, Excluded, AliasOf>;

/// What is known of each cell of a grid, for one metric.
struct ResultTable {
  Metric metric = Metric::kPromptEvalRate;
  Grid grid;
  std::vector<CellState> states;  ///< row after row

  [[nodiscard]] std::size_t columns() const { return grid.across.values.size(); }
  [[nodiscard]] std::size_t rows() const { return grid.down.values.size(); }
  [[nodiscard]] const CellState& At(std::size_t row, std::size_t column) const {
    return states[row * columns() + column];
  }
  [[nodiscard]] Cell CellAt(std::size_t row, std::size_t column) const {
    return grid.CellAt(row, column);
  }
  friend bool operator==(const ResultTable&, const ResultTable&) = default;
};

/// The parameters that a cell of the tables sets, in their order.
std::vector<Parameter> ParametersOf(std::span<const ResultTable> tables);

/// What `results` say of the grid's cells, each in the state that StatusOf returns; of two entries
/// for one cell the later counts.
ResultTable BuildResultTable(const std::vector<CellResult>& results, const Grid& grid,
                             Metric metric);

/// Of at least one measured value, in the metric's unit.
struct ValueSummary {
  double maximum = 0;
  double minimum = 0;
  double mean = 0;
  double median = 0;

  friend bool operator==(const ValueSummary&, const ValueSummary&) = default;
};

/// How many cells tables have, and of which state. The counts of the states add up to
/// `combinations`.
struct TableStatistics {
  std::size_t combinations = 0;
  std::size_t successful = 0;
  std::size_t failed = 0;
  std::size_t excluded = 0;
  std::size_t aliases = 0;
  std::size_t untested = 0;
  std::map<FailureKind, std::size_t> failed_by_kind;
  std::optional<ValueSummary> values;  ///< of comparable cells; empty where there are none

  friend bool operator==(const TableStatistics&, const TableStatistics&) = default;
};

TableStatistics ComputeStatistics(std::span<const ResultTable> tables);

}  // namespace ollama_bench
