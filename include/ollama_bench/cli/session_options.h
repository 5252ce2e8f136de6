#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/cli/driver_options.h"
#include "ollama_bench/config/load_config.h"

namespace ollama_bench {

/// What the command line of every command that measures says, unchecked but for its types.
struct SessionOptions {
  std::optional<std::filesystem::path> config;
  ConfigOverrides overrides;
  std::filesystem::path results = "benchmark_results.json";
  DriverOptions driver;
  std::filesystem::path save_config;  ///< empty: not saved
  bool force_mixed = false;
  bool quiet = false;
  bool json = false;
  bool ignore_disturbance = false;
  std::optional<std::string> wait_quiet;  ///< as ParseQuietLimit reads it
};

/// Adds the flags that fill `options`, which must outlive `app`.
void AddSessionFlags(CLI::App& app, SessionOptions& options);

/// The configuration of the file and the flags. Without `config` a benchmark_config.yaml in the
/// present folder counts.
Expected<SweepConfig, std::vector<ConfigError>> LoadConfigOf(const SessionOptions& options);

}  // namespace ollama_bench
