#pragma once

#include <nlohmann/json.hpp>
#include <optional>

#include "ollama_bench/analysis/result_table.h"
#include "ollama_bench/analysis/sweep_answer.h"

namespace ollama_bench {

using ReportJson = nlohmann::ordered_json;

ReportJson CellJson(const Cell& cell);

/// Adds the answer's keys (docs/json.md) and, to "statistics", "noise". Without an answer they are
/// null or empty.
void AddAnswer(ReportJson& report, const ResultTable& table,
               const std::optional<SweepAnswer>& answer);

/// {"percent", "low_percent", "high_percent"} of the log of a ratio.
ReportJson PercentJson(const LogPosterior& change);

}  // namespace ollama_bench
