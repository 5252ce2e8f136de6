#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>

#include "ollama_bench/config/load_config.h"

namespace ollama_bench {

/// What the command line of `run` says, unchecked but for its types.
struct RunOptions {
  std::optional<std::filesystem::path> config;
  ConfigOverrides overrides;
  std::filesystem::path results = "benchmark_results.json";
  std::string host;                  ///< empty: OLLAMA_HOST, else Ollama's default
  std::string ollama = "ollama";     ///< the program
  std::string temporary_model;       ///< empty: named after the store
  std::optional<std::size_t> limit;  ///< cells measured by this start at most
  bool retry_failed = false;
  bool force_mixed = false;
  bool quiet = false;
  bool json = false;
};

}  // namespace ollama_bench
