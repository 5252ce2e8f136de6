#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>

#include "ollama_bench/analysis/prompt_comparison.h"
#include "ollama_bench/analysis/prompt_summary.h"
#include "ollama_bench/render/comparison_text.h"
#include "ollama_bench/render/terminal_style.h"
#include "ollama_bench/render/text_columns.h"

namespace ollama_bench {

/// What is to be said of a pass beside its figures.
struct PromptCaption {
  std::string model;
  int concurrency = 1;
  std::string shard;            ///< "2/4"; empty: the whole data set
  std::size_t bad_entries = 0;  ///< of the data set, left out
  std::string bad_places;       ///< "lines 3, 17 and 2 more"
};

/// How many requests were answered, failed and left out, a line each.
std::string PromptCounts(const PromptSummary& summary, const PromptCaption& caption);
/// What a reader has to know of the figures, a line each.
std::string PromptNotes(const PromptSummary& summary, const PromptCaption& caption);
/// A row for each figure, with its percentiles.
TextColumns PromptFigureColumns(const PromptSummary& summary);
/// A row for each of the slowest answers.
TextColumns SlowestColumns(const PromptSummary& summary);

/// The summary for a person: counts, a table of figures, percentiles, the slowest answers.
std::string RenderPromptSummary(const PromptSummary& summary, const PromptCaption& caption,
                                const TerminalStyle& style);
/// The same for programs: one line, {"event":"summary", …}, with its end.
std::string RenderPromptSummaryJson(const PromptSummary& summary, const PromptCaption& caption);

/// Names of the columns, and those of one record, as a line of tab-separated values each. Tabs,
/// line ends and backslashes in texts are written as \t, \n, \r and \\.
std::string PromptTableHeader();
std::string PromptTableLine(const PromptRecord& record);

/// A comparison prompt by prompt, as those of comparison_text.h are cell by cell.
std::string RenderPromptComparisonText(const PromptComparison& comparison,
                                       const ComparisonCaption& caption,
                                       const TerminalStyle& style);
std::string RenderPromptComparisonMarkdown(const PromptComparison& comparison,
                                           const ComparisonCaption& caption);
std::string RenderPromptComparisonJson(const PromptComparison& comparison,
                                       const ComparisonCaption& caption,
                                       std::optional<bool> is_slower);

}  // namespace ollama_bench
