#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ollama_bench {

/// What the command line sets, as it was typed: LoadSweepConfig checks flags by the rules for the
/// file. A list is separated by commas.
struct ConfigOverrides {
  std::optional<std::string> model;
  std::optional<std::string> modelfile;
  std::optional<std::string> prompt;
  std::optional<std::string> prompt_file;
  std::optional<std::string> prompt_tokens;
  std::optional<std::string> ctx;
  std::optional<std::string> ctx_start;
  std::optional<std::string> ctx_end;
  std::optional<std::string> ctx_step;
  std::optional<std::string> batch;
  std::optional<std::string> batch_start;
  std::optional<std::string> batch_end;
  std::optional<std::string> batch_step;
  std::optional<bool> row_first;  ///< --row-first, --no-row-first
  std::optional<std::string> num_predict;
  std::optional<std::string> repetitions;
  std::optional<std::string> extra;
  std::optional<std::string> confirm;
  std::optional<std::string> timeout_s;
};

/// The one place where a parameter's spellings and bounds are.
struct Parameter {
  std::string_view key;   ///< in the YAML; "num_ctx.step" is `step` inside `num_ctx`
  std::string_view flag;  ///< on the command line: "--ctx-step"
  std::optional<std::string> ConfigOverrides::*override_value;  ///< where the flag's text goes
  std::string_view help;                                        ///< one line for --help
  std::string_view example;                                     ///< a right value, for remedies
  int lowest = 0;  ///< bounds of a whole number, both ends included; 0 and 0 for a text
  int highest = 0;
  std::string_view word = {};  ///< allowed in place of a number: "auto"
  bool is_hidden = false;      ///< kept for old files and scripts, not in --help
};

/// Every parameter that takes a value, in the order of --help. Not in it: `test_row_first`, whose
/// flag takes none.
std::span<const Parameter> AllParameters();
/// `key` must be one of the table's.
const Parameter& ParameterOf(std::string_view key);

}  // namespace ollama_bench
