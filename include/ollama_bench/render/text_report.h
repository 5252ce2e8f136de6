#pragma once

#include <string>

#include "ollama_bench/analysis/result_table.h"
#include "ollama_bench/render/sweep_caption.h"
#include "ollama_bench/render/terminal_style.h"

namespace ollama_bench {

/// The table, its statistics, the best cells, and the Modelfile lines for the best of all, for a
/// person. Table and lists keep to `style.width` columns; 80 are enough for all but long names.
std::string RenderTextReport(const ResultTable& table, const SweepCaption& caption,
                             const TerminalStyle& style);

/// The report's statistics, best cell and Modelfile lines without the tables.
std::string RenderTextSummary(const ResultTable& table, const TerminalStyle& style);

}  // namespace ollama_bench
