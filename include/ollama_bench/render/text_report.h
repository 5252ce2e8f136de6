#pragma once

#include <optional>
#include <string>

#include "ollama_bench/analysis/result_table.h"
#include "ollama_bench/analysis/sweep_answer.h"
#include "ollama_bench/analysis/sweep_map.h"
#include "ollama_bench/render/sweep_caption.h"
#include "ollama_bench/render/terminal_style.h"

namespace ollama_bench {

/// The table of `map`, its statistics, the best cells, the answer in words, and the Modelfile lines
/// for the recommended cell, for a person. Text keeps to `style.width` columns; 80 are enough for
/// all but long names.
std::string RenderTextReport(const ResultTable& table, const std::optional<SweepAnswer>& answer,
                             const SweepMap& map, const SweepCaption& caption,
                             const TerminalStyle& style);

/// `text` in lines of at most `width` columns, broken between words, each with a line end.
std::string Wrapped(const std::string& text, std::size_t width);

/// The answer and its notes in words, without the Modelfile lines.
std::string RenderAnswerText(const SweepAnswer& answer, const TerminalStyle& style);

/// The lines for a Modelfile after an empty one; only where the answer is to change something.
std::string ParameterLines(const SweepAnswer& answer);

/// The report's statistics, answer and Modelfile lines without the tables.
std::string RenderTextSummary(const ResultTable& table, const std::optional<SweepAnswer>& answer,
                              const TerminalStyle& style);

}  // namespace ollama_bench
