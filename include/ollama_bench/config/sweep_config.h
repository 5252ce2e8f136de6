#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ollama_bench/config/config_error.h"
#include "ollama_bench/config/config_keys.h"
#include "ollama_bench/core/axis.h"
#include "ollama_bench/core/expected.h"
#include "ollama_bench/core/metric.h"
#include "ollama_bench/core/traffic.h"

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
  /// Base model, must exist on the server; of several, an axis of the space, the first.
  std::string model;
  std::string ollama;               ///< Ollama's program, as `model`; empty: that of PATH
  std::filesystem::path modelfile;  ///< template; absolute
  Prompt prompt;
  WorkloadKind workload = WorkloadKind::kPrefill;
  Space space;
  bool row_first = false;          ///< true: all num_ctx of one num_batch first
  int num_predict = 2;             ///< tokens, where a cell does not set them
  std::optional<int> repetitions;  ///< counted samples per cell; empty: decided by the run's length
  std::optional<int> extra;        ///< loads after the pass at most; empty: by the grid's size
  std::chrono::seconds timeout{360};  ///< for one create, and for one run
  TrafficOptions traffic;             ///< of the load workload

  friend bool operator==(const SweepConfig&, const SweepConfig&) = default;
};

/// Whether the configuration varies nothing but num_ctx and num_batch, as results of schema 1 do.
/// Lengths of prompt and answer may be set, but to one value each.
bool SweepsThePairAlone(const SweepConfig& config);

/// Takes lengths of prompt and answer, where they are axes, out of the space: one of each holds for
/// all cells, and belongs to the identity of the results.
void HoldRequestForAll(SweepConfig& config);
/// The same of the prompt alone.
void HoldPromptForAll(SweepConfig& config);

/// Reads the YAML `file`, where there is one, lets the flags replace what it says, and checks the
/// result, which includes reading the prompt file and looking for the Modelfile. Paths in the YAML
/// are relative to its folder, paths from flags to the current one.
///
/// Flags beat the file, the file beats defaults. One flag of a range (--ctx-step) replaces only
/// that part of the file's range; --ctx, or all three parts, replace the axis; a flag that names a
/// model or a prompt replaces whatever names one in the file. A value that a flag replaces is not
/// checked, but the file must still be well-formed.
///
/// Errors: everything found wrong, at most 100 entries, by line; what has no line (flags, missing
/// keys) comes last. Where the file is no YAML, its content is not checked further.
Expected<SweepConfig, std::vector<ConfigError>> LoadSweepConfig(
    const std::optional<std::filesystem::path>& file, const ConfigOverrides& overrides);

/// Whether `text` is YAML that holds settings of a sweep, at least one, and nothing else. Their
/// values need not be right.
bool IsSweepConfig(std::string_view text);

/// The configuration as YAML that LoadSweepConfig reads back to the same values. Paths are written
/// as they are, so relative ones would be read relative to the new file's folder.
std::string FormatSweepConfig(const SweepConfig& config);

}  // namespace ollama_bench
