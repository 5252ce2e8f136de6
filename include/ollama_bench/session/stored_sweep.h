#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/analysis/disturbances.h"
#include "ollama_bench/analysis/result_table.h"
#include "ollama_bench/analysis/sweep_answer.h"
#include "ollama_bench/core/axis.h"
#include "ollama_bench/render/sweep_caption.h"
#include "ollama_bench/search/search.h"
#include "ollama_bench/session/session_error.h"
#include "ollama_bench/store/results_store.h"

namespace ollama_bench {

/// The axes as the store's metadata has them; empty where it does not say.
Grid PlannedGrid(const Metadata& metadata);

/// What a report says about the store: GPUs of one kind are counted, and without any the CPU stands
/// for the hardware.
SweepCaption MakeCaption(const Metadata& metadata);

/// kUsage where the runs of such a sweep generated too few tokens for the metric to say anything.
Expected<void, SessionError> CheckMetric(Metric metric, const Identity& identity);

/// The setting that the sweep is to beat; empty where the store does not say.
std::optional<Cell> BaselineCell(const Metadata& metadata);

/// What there is to report of a store for one metric.
struct StoredReport {
  ResultTable table;
  std::optional<SweepAnswer> answer;  ///< empty where no cell has a value
  SweepCaption caption;
  Disturbances disturbances;
  std::optional<SearchAnswer> search;  ///< where not every cell was visited
};

/// Whether every planned cell that can be measured was visited.
bool WasWhollyVisited(const ResultsStore& store);

/// Reads the store's table and its answer, the one that every command prints. A baseline outside
/// the planned grid is compared with, but has no place in the table. `options` need no baseline:
/// that is the store's. An error in words where the cells span too large a grid.
Expected<StoredReport, std::string> ReportOf(const ResultsStore& store, Metric metric,
                                             AnswerOptions options = {});

}  // namespace ollama_bench
