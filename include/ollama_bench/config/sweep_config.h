#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>

#include "ollama_bench/core/axis.h"
#include "ollama_bench/core/metric.h"

namespace ollama_bench {

/// The embedded text, cut to about `tokens`; without a number the rule in plan/ decides, or each
/// cell.
struct BuiltInPrompt {
  std::optional<int> tokens;

  friend bool operator==(const BuiltInPrompt&, const BuiltInPrompt&) = default;
};

/// A text of the user's.
struct PromptText {
  std::string text;
  std::filesystem::path file;  ///< where it was read from; empty for one given in words

  friend bool operator==(const PromptText&, const PromptText&) = default;
};

using Prompt = std::variant<BuiltInPrompt, PromptText>;

/// A checked configuration: every value is in range, at most one of `model` and `modelfile` is set.
/// What was left out, a model or an axis, is empty: the command that runs the sweep finds or asks
/// for it.
struct SweepConfig {
  std::string model;                ///< base model, must exist on the server
  std::filesystem::path modelfile;  ///< template; absolute
  Prompt prompt;
  WorkloadKind workload = WorkloadKind::kPrefill;
  Space space;
  bool row_first = false;          ///< true: all num_ctx of one num_batch first
  int num_predict = 2;             ///< tokens, where a cell does not set them
  std::optional<int> repetitions;  ///< counted samples per cell; empty: decided by the run's length
  std::optional<int> extra;        ///< loads after the pass at most; empty: by the grid's size
  std::chrono::seconds timeout{360};  ///< for one create, and for one run

  friend bool operator==(const SweepConfig&, const SweepConfig&) = default;
};

/// Whether the configuration varies nothing but num_ctx and num_batch, as results of schema 1 do.
/// Lengths of prompt and answer may be set, but to one value each.
bool SweepsThePairAlone(const SweepConfig& config);

/// Takes lengths of prompt and answer, where they are axes, out of the space: one of each holds for
/// all cells, and belongs to the identity of the results.
void HoldRequestForAll(SweepConfig& config);

}  // namespace ollama_bench
