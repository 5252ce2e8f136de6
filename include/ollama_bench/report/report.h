#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ollama_bench/analysis/disturbances.h"
#include "ollama_bench/analysis/load_answer.h"
#include "ollama_bench/analysis/prompt_summary.h"
#include "ollama_bench/analysis/result_table.h"
#include "ollama_bench/analysis/stratum_answer.h"
#include "ollama_bench/analysis/sweep_map.h"
#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/metric.h"
#include "ollama_bench/core/prompt_record.h"
#include "ollama_bench/render/font.h"
#include "ollama_bench/render/prompt_text.h"
#include "ollama_bench/render/scene.h"
#include "ollama_bench/render/sweep_caption.h"
#include "ollama_bench/store/results_store.h"

namespace ollama_bench {

/// A results file with what is known of it, as every command that reads it has it.
struct ReportedSweep {
  std::string name;  ///< of the file
  Metadata metadata;
  std::vector<CellResult> results;
  RequestsOfWindows requests;  ///< of windows of load, as far as their files are there
  Metric metric = Metric::kPromptEvalRate;
  std::vector<ResultTable> tables;  ///< at least one
  std::vector<StratumAnswer> answers;
  std::vector<SweepMap> maps;  ///< of the tables
  SweepCaption caption;
  Disturbances disturbances;
};

/// The records of `prompts`.
struct ReportedPrompts {
  std::string name;  ///< of the file
  PromptCaption caption;
  PromptConfig config;  ///< of the first record
  std::string started;  ///< of the first request, as FormatTimestamp has it; empty: not known
  PromptSummary summary;
};

using ReportSource = std::variant<ReportedSweep, ReportedPrompts>;

/// What the whole says of itself.
struct ReportCaption {
  std::string title;  ///< empty: by what the sources hold
  std::string made;   ///< when, for people
};

/// One HTML file of all sources, at least one: the answer of each first, then pictures, advice,
/// tables, conditions and method. It needs nothing from outside and no script to be read, follows
/// the reader's light or dark setting, and is well-formed as XML is. Texts of the sources cannot
/// become markup.
std::string RenderHtmlReport(std::span<const ReportSource> sources, const ReportCaption& caption,
                             const Font& font);

/// How every report in Markdown begins: a comment, which its readers do not see.
inline constexpr std::string_view kMarkdownReportStart = "<!-- A report of ollama-bench";

/// The same as Markdown (GitHub's tables), without the pictures.
std::string RenderMarkdownReport(std::span<const ReportSource> sources,
                                 const ReportCaption& caption);

}  // namespace ollama_bench
