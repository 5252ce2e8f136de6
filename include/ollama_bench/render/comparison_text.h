#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/analysis/comparison.h"
#include "ollama_bench/render/terminal_style.h"

namespace ollama_bench {

/// What the two sweeps, or the two values in one, are called, and how they differ in more than
/// their results.
struct ComparisonCaption {
  std::string first;
  std::string second;
  std::vector<std::string> differences;  ///< one line each, for a person
  std::string results = {};              ///< the file that holds both; empty: each has its own
};

/// "Overall, b.json is 2.9 % slower than a.json (99 % CI [-3.2, -2.5])."
std::string OverallSentence(const SweepComparison& comparison, const ComparisonCaption& caption);
/// "3 of 36 cells changed significantly (by more than 1 %)."
std::string CellsSentence(const SweepComparison& comparison);

/// "1 cell that a.json measured fails in b.json, which is worse: num_ctx 4096, num_batch 512 (CUDA
/// OOM)." and the opposite; empty where no cell changed between measured and failed.
std::string FailuresSentence(const SweepComparison& comparison, const ComparisonCaption& caption);

/// Of two values in one file: how their visits lie in time, and which cells are one measurement.
/// None of two files.
std::vector<std::string> ByValueSentences(const SweepComparison& comparison,
                                          const ComparisonCaption& caption);

/// The comparison for a person: a line per cell, then the sentences.
std::string RenderComparisonText(const SweepComparison& comparison,
                                 const ComparisonCaption& caption, const TerminalStyle& style);
/// The same as Markdown (GitHub's tables), for a pull request.
std::string RenderComparisonMarkdown(const SweepComparison& comparison,
                                     const ComparisonCaption& caption);
/// The same for programs: one JSON object. `is_slower` is the outcome of a check that was asked
/// for.
std::string RenderComparisonJson(const SweepComparison& comparison,
                                 const ComparisonCaption& caption, std::optional<bool> is_slower);

}  // namespace ollama_bench
