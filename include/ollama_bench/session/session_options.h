#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "ollama_bench/session/driver_options.h"

namespace ollama_bench {

/// How a command that measures is to do it, unchecked but for the types.
struct SessionOptions {
  std::filesystem::path results = "benchmark_results.json";
  DriverOptions driver;
  std::filesystem::path save_config;  ///< empty: not saved
  bool force_mixed = false;
  bool ignore_disturbance = false;
  std::optional<std::string> wait_quiet;  ///< as ParseQuietLimit reads it
};

}  // namespace ollama_bench
