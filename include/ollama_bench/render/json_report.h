#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>

#include "ollama_bench/analysis/result_table.h"
#include "ollama_bench/analysis/stratum_answer.h"
#include "ollama_bench/analysis/sweep_answer.h"
#include "ollama_bench/core/cell.h"
#include "ollama_bench/render/sweep_caption.h"

namespace ollama_bench {

using ReportJson = nlohmann::ordered_json;

/// Adds the answer's keys (docs/json.md) and, to "statistics", "noise". Without an answer they are
/// null or empty.
void AddAnswer(ReportJson& report, std::span<const ResultTable> tables,
               const std::optional<SweepAnswer>& answer);

/// {"percent", "low_percent", "high_percent"} of the log of a ratio.
ReportJson PercentJson(const LogPosterior& change);

/// One key for each parameter that is set, in the order of the parameters: numbers, and true or
/// false for switches.
nlohmann::ordered_json CellJson(const Cell& cell);

/// What the answers say, for programs: the keys of the report below that concern it, in one object.
std::string RenderAnswerJson(std::span<const ResultTable> tables,
                             std::span<const StratumAnswer> answers);

/// The tables, at least one, for programs: one JSON object with "metric", "unit", "replayed",
/// "mixed", "statistics", what the answer says (docs/json.md; null or empty without one; of
/// several, in "answers"), "best_per_KEY" for each parameter, "cells" (those with a value),
/// "failures", "excluded", "aliases" and "untested". Values, "estimate", "low" and "high" are in
/// the unit named.
std::string RenderJsonReport(std::span<const ResultTable> tables,
                             std::span<const StratumAnswer> answers, const SweepCaption& caption);

}  // namespace ollama_bench
