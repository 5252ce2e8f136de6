#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ollama_bench/analysis/disturbances.h"
#include "ollama_bench/analysis/result_table.h"
#include "ollama_bench/analysis/slice.h"
#include "ollama_bench/analysis/stratum_answer.h"
#include "ollama_bench/analysis/sweep_answer.h"
#include "ollama_bench/analysis/sweep_map.h"
#include "ollama_bench/core/axis.h"
#include "ollama_bench/render/sweep_caption.h"
#include "ollama_bench/session/session_error.h"
#include "ollama_bench/store/results_store.h"

namespace ollama_bench {

/// What a report says about the store: GPUs of one kind are counted, and without any the CPU stands
/// for the hardware.
SweepCaption MakeCaption(const Metadata& metadata);

/// kUsage where the runs of such a sweep generated too few tokens for the metric to say anything.
Expected<void, SessionError> CheckMetric(Metric metric, const Metadata& metadata);

/// The setting that the sweep is to beat, in the parameters of the planned space; empty where the
/// store does not say.
std::optional<Cell> BaselineCell(const Metadata& metadata, const Space& planned);

/// What there is to report of a store for one metric.
struct StoredReport {
  Space space;                         ///< of all cells, each axis ascending
  std::vector<ResultTable> tables;     ///< of the slice, at least one
  std::vector<StratumAnswer> answers;  ///< one for each stratum of the tables
  SweepCaption caption;
  Disturbances disturbances;
};

/// One map for each table; title and notes are those of the whole, on the first map.
std::vector<SweepMap> DescribeMaps(const StoredReport& report,
                                   const std::set<Cell>& expected_to_fail = {});

/// Whether every planned cell that can be measured was visited.
bool WasWhollyVisited(const ResultsStore& store);

/// AllGridsOf, GridsOf or LinesOf (analysis/slice.h).
using TablesOfSlice = Expected<std::vector<Grid>, std::string>(const Space&, const Slice&);

/// Reads the store's tables and its answers, those that every command prints. A baseline outside
/// the planned grid is compared with, but has no place in the table. `options` need no baseline:
/// that is the store's. kStore where the cells span too large a space, kUsage where they have no
/// such slice.
Expected<StoredReport, SessionError> ReportOf(const ResultsStore& store, Metric metric,
                                              AnswerOptions options = {}, const Slice& slice = {},
                                              TablesOfSlice* tables_of = AllGridsOf);

}  // namespace ollama_bench
