#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ollama_bench/core/parameter.h"

namespace ollama_bench {

/// What the command line sets, as it was typed: LoadSweepConfig checks flags by the rules for the
/// file. Values of a list are separated by commas or blanks; "2-16:2" is a range.
struct ConfigOverrides {
  std::map<std::string, std::string, std::less<>> values;  ///< by the keys of the table
  std::optional<bool> row_first;                           ///< --row-first, --no-row-first
};

/// The one place where the spellings and bounds of a setting are.
struct ConfigKey {
  std::string key;      ///< in the YAML; "num_ctx.step" is `step` inside `num_ctx`
  std::string flag;     ///< on the command line: "--ctx-step"; empty: it has none
  std::string help;     ///< one line for --help
  std::string example;  ///< a valid value, for remedies
  int lowest = 0;       ///< bounds of a whole number, both ends included; 0 and 0 for a text
  int highest = 0;
  std::string_view word = {};          ///< allowed in place of a number: "auto"
  bool is_hidden = false;              ///< kept for old files and scripts, not in --help
  bool is_of_run_alone = false;        ///< without effect where a search chooses the loads
  bool is_of_load_alone = false;       ///< without effect on other workloads
  std::optional<Parameter> parameter;  ///< that it sets, a list or a part of a range
};

/// Every setting that takes a value, in the order of --help: those of the table of parameters
/// (core/parameter.h), then others. Not in it: `test_row_first`, whose flag takes none.
std::span<const ConfigKey> AllConfigKeys();
/// `key` must be one of the table's.
const ConfigKey& ConfigKeyOf(std::string_view key);

}  // namespace ollama_bench
