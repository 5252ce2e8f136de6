#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <span>

#include "ollama_bench/analysis/result_table.h"
#include "ollama_bench/analysis/sweep_answer.h"
#include "ollama_bench/render/cell_json.h"

namespace ollama_bench {

using ReportJson = nlohmann::ordered_json;

/// Adds the answer's keys (docs/json.md) and, to "statistics", "noise". Without an answer they are
/// null or empty.
void AddAnswer(ReportJson& report, std::span<const ResultTable> tables,
               const std::optional<SweepAnswer>& answer);

/// {"percent", "low_percent", "high_percent"} of the log of a ratio.
ReportJson PercentJson(const LogPosterior& change);

}  // namespace ollama_bench
