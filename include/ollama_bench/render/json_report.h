#pragma once

#include <string>

#include "ollama_bench/analysis/result_table.h"
#include "ollama_bench/render/sweep_caption.h"

namespace ollama_bench {

/// The table for programs: one JSON object with "metric", "unit", "replayed", "mixed", "best" (null
/// where nothing was measured), "best_per_num_ctx", "best_per_num_batch", "statistics", "cells"
/// (those with a value), "failures", "excluded", "aliases" and "untested". Values are in the unit
/// named.
std::string RenderJsonReport(const ResultTable& table, const SweepCaption& caption);

}  // namespace ollama_bench
