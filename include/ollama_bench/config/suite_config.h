#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ollama_bench/config/config_error.h"
#include "ollama_bench/core/expected.h"

namespace ollama_bench {

/// One option of an experiment's command.
struct SuiteOption {
  std::string flag;                  ///< "--prompt-tokens"
  std::optional<std::string> value;  ///< empty: the flag has none
  int line = 0;                      ///< of the file
  bool is_off = false;               ///< it is not to be given, whatever is common
  bool is_file = false;              ///< the value is the absolute path of a file

  friend bool operator==(const SuiteOption&, const SuiteOption&) = default;
};

/// One command of a suite.
struct SuiteExperiment {
  std::string name;                           ///< of its files: letters, digits, '_', '-' and '.'
  std::string command;                        ///< "run", "tune", "load", "scale" or "prompts"
  std::optional<std::chrono::seconds> limit;  ///< that it may take
  int needs_gpus = 0;                         ///< it is skipped where there are fewer
  /// Of the experiment itself, in its order. Paths are absolute.
  std::vector<SuiteOption> options;
  int line = 0;

  friend bool operator==(const SuiteExperiment&, const SuiteExperiment&) = default;
};

struct SuiteConfig {
  std::vector<SuiteExperiment> experiments;  ///< at least one, each with a name of its own
  /// For every experiment whose command has the flag and that does not give it itself.
  std::vector<SuiteOption> common;
};

/// Reads a suite: a YAML map with the list `experiments`; what is beside it is common, `timeout_s`
/// too. In an
/// experiment `command` (run by itself), `name` (the command by itself), `timeout_s`, `needs_gpus`
/// and `quick` are the suite's own; every other key is an option of the command, written as in a
/// sweep's file (`num_ctx: {start: …}`) or as the flag without its dashes (`max_new_tokens`). With
/// `quick` the keys under `quick` replace those of the experiment; `quick: false` leaves it out.
/// Paths are relative to the file's folder.
///
/// Errors as those of LoadSweepConfig. Whether a command has an option is not known here.
Expected<SuiteConfig, std::vector<ConfigError>> LoadSuiteConfig(const std::filesystem::path& file,
                                                                bool quick);

/// The suite's options that decide what an experiment's files are called, and what it prints, so
/// that an experiment cannot give them: "--results", "--json" and others.
bool IsOptionOfSuite(std::string_view flag);

}  // namespace ollama_bench
