#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/analysis/comparison.h"
#include "ollama_bench/core/metric.h"
#include "ollama_bench/core/prompt_record.h"

namespace ollama_bench {

/// The answers of one pass, without their texts, by the prompt's id.
class PromptRuns {
 public:
  struct Prompt {
    std::string text;  ///< stands for its texts: equal only where these are
    std::vector<PromptTiming> runs;
    bool has_failed = false;  ///< and was never answered
  };

  void Add(const PromptRecord& record);
  [[nodiscard]] const std::map<std::string, Prompt>& prompts() const { return prompts_; }

 private:
  std::map<std::string, Prompt> prompts_;
};

/// One prompt that both passes answered.
struct PromptChange {
  std::string id;
  double first = 0;  ///< geometric mean over its runs, in the metric's unit
  double second = 0;
  Change change;  ///< without an error of its own where no prompt was asked twice
};

/// Two passes side by side, prompt by prompt.
struct PromptComparison {
  Metric metric = Metric::kTotal;
  Demand demand;
  std::vector<PromptChange> prompts;  ///< by id
  std::optional<Change> overall;      ///< of two pairs or more
  bool can_judge_prompts = false;     ///< some were asked more than once
  std::size_t other_lengths = 0;      ///< pairs whose answers have different numbers of tokens
  std::size_t only_first = 0;         ///< prompts answered there alone, not failed in the other
  std::size_t only_second = 0;
  std::vector<std::string> now_failed;    ///< answered in the first, failed in the second
  std::vector<std::string> now_answered;  ///< the other way round

  /// As SweepComparison's.
  [[nodiscard]] double OverallLevel() const;
};

/// Compares the prompts that both passes answered by the log of the ratio of their means.
///
/// Overall: the mean over the pairs, its error from their spread, Student's t. It says how a prompt
/// of this data set changed on average; a slow period of the machine during one pass looks like a
/// change as well.
///
/// Per prompt: only where prompts were asked more than once. The error is the spread between the
/// runs of a prompt, pooled over all; called by the procedure of Benjamini and Hochberg. The two
/// share the false calls as CompareSweeps has it.
PromptComparison ComparePrompts(const PromptRuns& first, const PromptRuns& second, Metric metric,
                                const Demand& demand = {});

/// Whether things got worse by more than `loss`, as IsSlower of two sweeps; a prompt that was
/// answered and now fails is worse than any loss.
bool IsSlower(const PromptComparison& comparison, double loss);

}  // namespace ollama_bench
