#pragma once

#include <optional>
#include <string>

#include "ollama_bench/analysis/result_table.h"
#include "ollama_bench/analysis/sweep_answer.h"
#include "ollama_bench/render/terminal_style.h"

namespace ollama_bench {

/// The table as lines of at most `style.width` columns, the num_ctx axis cut into as many blocks as
/// that takes (one column per block at least). The recommended cell is marked by
/// "*", the rest of the best set by "+"; below the table stands what the marks mean.
std::string RenderTerminalTable(const ResultTable& table, const std::optional<SweepAnswer>& answer,
                                const TerminalStyle& style);

}  // namespace ollama_bench
