#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/core/axis.h"

namespace ollama_bench {

/// Prompt tokens that go through a model at once where the server chooses it, or nearly so.
inline constexpr int kUsualBatch = 512;

/// Length in tokens of the built-in prompt when none is configured: long enough for two of the
/// largest batches (512 at least), short enough for the smallest context with `num_predict` tokens
/// and 64 more for the template; never below 16, even where that does not fit.
int BuiltInPromptTokens(const Space& space, int num_predict);

/// What the warnings depend on.
struct PromptFacts {
  std::int64_t prompt_tokens = 0;
  int num_predict = 0;
  std::optional<std::int64_t> trained_context;  ///< tokens; empty when it is not known
  bool command_line_driver = false;             ///< cells are measured through `ollama run`
  bool measures_prompt = true;                  ///< the rate of reading it is what is compared
  bool is_usual_prompt = false;                 ///< BuiltInPromptTokens chose the length
  std::optional<int> largest_batch = {};        ///< of llama models on this release; empty: any
};

/// Why some cells of a plan will not show what they seem to.
struct PlanWarning {
  enum class Kind {
    kBatchWithoutEffect,   ///< the prompt is shorter than two batches
    kBatchAboveCap,        ///< the server takes smaller batches of this release's own
    kPromptDoesNotFit,     ///< the prompt would be cut to the context
    kAboveTrainedContext,  ///< the server uses the trained context instead
    kMetricsLost,          ///< `ollama run` prints no metrics for so long a prompt
  };
  Kind kind;
  std::string message;  ///< one sentence that names the cells and says what to do
};

/// At most one warning of each kind, in the order of the enumeration.
std::vector<PlanWarning> PlanWarnings(const Space& space, const PromptFacts& facts);

}  // namespace ollama_bench
