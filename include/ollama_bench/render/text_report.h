#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

#include "ollama_bench/analysis/disturbances.h"
#include "ollama_bench/analysis/result_table.h"
#include "ollama_bench/analysis/stratum_answer.h"
#include "ollama_bench/analysis/sweep_map.h"
#include "ollama_bench/render/sweep_caption.h"
#include "ollama_bench/render/terminal_style.h"
#include "ollama_bench/render/text_columns.h"

namespace ollama_bench {

/// The tables of `maps`, one or more of the same axes, their statistics, the best cells, the answer
/// in words, and the Modelfile lines for the recommended cell, for a person. Text keeps to
/// `style.width` columns; 80 are enough for all but long names.
std::string RenderTextReport(std::span<const ResultTable> tables,
                             std::span<const StratumAnswer> answers, std::span<const SweepMap> maps,
                             const SweepCaption& caption, const TerminalStyle& style);

/// A row for each value of the parameter: the others at their best, and what was measured. Rows of
/// values without any result are shorter.
TextColumns BestColumns(std::span<const ResultTable> tables, Parameter parameter);

/// `text` in lines of at most `width` columns, broken between words, each with a line end.
std::string Wrapped(const std::string& text, std::size_t width);

/// The answer and its notes in words, without the Modelfile lines.
std::string RenderAnswerText(const SweepAnswer& answer, const TerminalStyle& style);

/// The lines for a Modelfile after an empty one; only where the answer is to change something.
std::string ParameterLines(const SweepAnswer& answer);

/// The report's statistics, answer and Modelfile lines without the tables.
std::string RenderTextSummary(std::span<const ResultTable> tables,
                              std::span<const StratumAnswer> answers, const TerminalStyle& style);

/// One line for a person, with no line end; empty where nothing was disturbed.
std::string DisturbancesText(const Disturbances& disturbances);
/// For programs; null where nothing was disturbed.
nlohmann::ordered_json DisturbancesJson(const Disturbances& disturbances);

}  // namespace ollama_bench
