#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/config/sweep_config.h"
#include "ollama_bench/core/debug_log.h"
#include "ollama_bench/core/labels.h"
#include "ollama_bench/session/session_error.h"
#include "ollama_bench/session/session_options.h"

namespace ollama_bench {

/// What the command line of every command that measures says beside its SessionOptions.
struct CommandFlags {
  std::optional<std::filesystem::path> config;
  ConfigOverrides overrides;
  bool quiet = false;
  bool json = false;
  bool redraws = true;  ///< a live block, where the terminal can show one
  std::string on_done;  ///< as in ClosingFlags
};

/// Adds the flags that all commands that measure have, `prompts` included: labels, what is logged,
/// and what is done at the end. All arguments must outlive `app`.
void AddCommonFlags(CLI::App& app, Labels& labels, DebugLog& log, bool& redraws,
                    std::string& on_done);

/// What a command makes of a grid: visits every cell, looks for the best, measures the levels of
/// load in it, or the lengths of the prompt.
enum class Purpose { kPass, kSearch, kLoad, kScale };

/// Adds the flags that fill `options` and `flags`, which must outlive `app`: those that have an
/// effect for the purpose.
void AddSessionFlags(CLI::App& app, SessionOptions& options, CommandFlags& flags, Purpose purpose);

/// The configuration of the file and the flags. Without `config` a benchmark_config.yaml in the
/// current folder counts.
Expected<SweepConfig, std::vector<ConfigError>> LoadConfigOf(const CommandFlags& flags);

/// Adds the flags that say what is swept and measured; `options` and `flags` must outlive `app`.
void AddRunFlags(CLI::App& app, RunOptions& options, CommandFlags& flags,
                 Purpose purpose = Purpose::kPass);

/// What `act` returns for the configuration of `flags`, or that of wrong usage after its errors
/// were printed.
int WithConfig(const CommandFlags& flags, const std::function<ExitCode(const SweepConfig&)>& act);

}  // namespace ollama_bench
