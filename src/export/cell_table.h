#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/analysis/cell_estimate.h"
#include "ollama_bench/analysis/prompt_summary.h"
#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/metric.h"
#include "ollama_bench/export/export_input.h"
#include "ollama_bench/export/export_text.h"
#include "ollama_bench/store/results_store.h"

namespace ollama_bench {

/// The metric that the cells of the file are compared by.
Metric HeadlineOf(const ResultsStore& store);

/// The means of the cells that can be compared, with their intervals: ordered by cell.
std::vector<CellEstimate> EstimatesOf(const ResultsStore& store, Metric metric);

/// The figures of a pass.
PromptSummary SummaryOf(const ExportedPass& pass);

/// Every results file as a table of its cells with value, interval and loads, or why there is no
/// value; every output of `prompts` as one of its figures.
void WriteMarkdown(const ExportInput& input, const TextSink& sink);

}  // namespace ollama_bench
