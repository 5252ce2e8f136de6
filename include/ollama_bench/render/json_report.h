#pragma once

#include <optional>
#include <string>

#include "ollama_bench/analysis/result_table.h"
#include "ollama_bench/analysis/sweep_answer.h"
#include "ollama_bench/render/sweep_caption.h"

namespace ollama_bench {

/// What an answer says, for programs: the keys of the report below that concern it, in one object.
std::string RenderAnswerJson(const ResultTable& table, const std::optional<SweepAnswer>& answer);

/// The table for programs: one JSON object with "metric", "unit", "replayed", "mixed",
/// "statistics", what `answer` says (docs/json.md; null or empty without one),
/// "best_per_num_ctx", "best_per_num_batch", "cells" (those with a value), "failures", "excluded",
/// "aliases" and "untested". Values, "estimate", "low" and "high" are in the unit named.
std::string RenderJsonReport(const ResultTable& table, const std::optional<SweepAnswer>& answer,
                             const SweepCaption& caption);

}  // namespace ollama_bench
