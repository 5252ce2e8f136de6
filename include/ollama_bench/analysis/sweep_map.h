#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "ollama_bench/analysis/result_table.h"
#include "ollama_bench/analysis/stratum_answer.h"
#include "ollama_bench/core/axis.h"
#include "ollama_bench/core/cell.h"
#include "ollama_bench/core/failure.h"
#include "ollama_bench/core/metric.h"
#include "ollama_bench/core/sample.h"

namespace ollama_bench {

/// What is known of one cell. A field that its kind does not name is at its default.
struct MapCell {
  enum class Kind {
    kUntested,
    kMeasured,
    kEstimated,       ///< not measured; value, low and high are expected
    kFailed,          ///< tried, no value
    kExpectedToFail,  ///< not measured, and expected to run out of memory
    kExcluded,        ///< measured, but no sample may count
    kAlias,           ///< the same effective values as `alias_of`
  };
  Kind kind = Kind::kUntested;
  /// Posterior mean and 95 % interval in the metric's unit (kMeasured, kEstimated).
  double value = 0;
  double low = 0;
  double high = 0;
  double raw = 0;             ///< the median of the counted samples (kMeasured)
  double loss = 0;            ///< against the best value shown, relative, >= 0; 0.05: 5 % worse
  bool is_worse = false;      ///< significantly different from the best
  bool is_contender = false;  ///< may be the best
  std::optional<FailureKind> failure;  ///< kFailed
  std::optional<Exclusion> excluded;   ///< kExcluded
  std::string message;                 ///< kFailed: one line for a person, may be empty
  std::optional<Cell> alias_of;        ///< kAlias
  int loads = 0;                       ///< kMeasured: loads that count

  [[nodiscard]] bool HasValue() const {
    return kind == Kind::kMeasured || kind == Kind::kEstimated;
  }
};

/// The mean of a row or column against the best row or column, in per cent, with its 95 % interval.
struct MarginEffect {
  double percent = 0;
  double low = 0;
  double high = 0;

  friend bool operator==(const MarginEffect&, const MarginEffect&) = default;
};

/// All that a heatmap shows of a sweep. Both axes ascend.
struct SweepMap {
  Metric metric = Metric::kPromptEvalRate;
  Grid grid;
  std::vector<MapCell> cells;                        ///< row after row
  std::vector<std::optional<MarginEffect>> columns;  ///< one each; empty: none is known
  std::vector<std::optional<MarginEffect>> rows;     ///< one each; empty: none is known
  std::set<Cell> recommended;                        ///< one for each request
  std::set<Cell> current;                            ///< the current setting, for each request
  std::optional<MapCell> current_off_grid;  ///< of `current`, where no planned cell is that
  std::string title;                        ///< the answer, a sentence or two
  std::vector<std::string> notes;           ///< one sentence or more each

  [[nodiscard]] std::size_t column_count() const { return grid.across.values.size(); }
  [[nodiscard]] std::size_t row_count() const { return grid.down.values.size(); }
  [[nodiscard]] const MapCell& At(std::size_t row, std::size_t column) const {
    return cells[row * column_count() + column];
  }
  [[nodiscard]] Cell CellAt(std::size_t row, std::size_t column) const {
    return grid.CellAt(row, column);
  }
};

/// What the table and the answers to its strata say, cell by cell; margins are the answer's where
/// there is one alone. `expected_to_fail` are cells of the table that were not measured. Title and
/// notes are left empty.
SweepMap MapOf(const ResultTable& table, std::span<const StratumAnswer> answers,
               const std::set<Cell>& expected_to_fail = {});

}  // namespace ollama_bench
