#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "document.h"
#include "ollama_bench/analysis/scale_report.h"
#include "ollama_bench/render/text_columns.h"
#include "ollama_bench/report/report.h"

// What is said of one source, part by part. `font` lays out pictures; without one there are none.
namespace ollama_bench {

Chapter SweepChapter(const ReportedSweep& sweep, const Font* font);
Chapter PromptsChapter(const ReportedPrompts& prompts, const Font* font);

/// What a results file holds beside cells to choose from.
struct SweepContent {
  bool has_choice = false;         ///< several settings, or one and the current one
  std::vector<LoadSeries> load;    ///< levels of load
  std::vector<ScaleSeries> scale;  ///< of two lengths of the prompt or more
};
SweepContent ContentOf(const ReportedSweep& sweep);

/// Verdict, sentences, figures and lines for a Modelfile.
std::vector<Block> AnswerBlocks(const ReportedSweep& sweep, const SweepContent& content);
std::vector<Block> PictureBlocks(const ReportedSweep& sweep, const SweepContent& content,
                                 const Font& font);
std::vector<Block> PictureBlocks(const ReportedPrompts& prompts, const Font& font);
/// Only what the figures support, with them.
std::vector<Block> AdviceBlocks(const ReportedSweep& sweep, const SweepContent& content);
std::vector<Block> TableBlocks(const ReportedSweep& sweep, const SweepContent& content);
std::vector<Block> FailureBlocks(const ReportedSweep& sweep);
/// What CPUs, GPUs and disks did, where samples say so.
std::vector<Block> TelemetryBlocks(const ReportedSweep& sweep);
std::vector<Block> ConditionBlocks(const ReportedSweep& sweep);
std::vector<Block> WarningBlocks(const ReportedSweep& sweep);
std::vector<Block> MethodBlocks(const ReportedSweep& sweep, const SweepContent& content);

/// The verdict in capitals at the start of a sentence, apart from the rest of it.
Verdicts SplitVerdict(std::string_view sentence);

/// "3 cells", "1 cell".
std::string Counted(std::size_t count, std::string_view noun);

/// The columns as a table, heading lines joined.
Table TableOf(const TextColumns& columns, std::string title);

/// Adds a fact that is known.
void AddFact(Facts& facts, std::string name, std::string value);

}  // namespace ollama_bench
