#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ollama_bench/config/sweep_config.h"
#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/identity.h"
#include "ollama_bench/session/sweep_plan.h"

namespace ollama_bench {

/// What `load` is about to do.
struct LoadHeader {
  const SweepConfig& config;
  const Identity& identity;
  std::string server;  ///< URL
  std::string prompt;  ///< as SessionPrompt describes it
  const LoadNeed& need;
  const std::vector<CellResult>& known;  ///< windows of earlier starts
  std::filesystem::path results;
};

/// Model, version, levels, windows, requests, prompt and time, a line each.
std::string LoadHeaderText(const LoadHeader& header);

}  // namespace ollama_bench
