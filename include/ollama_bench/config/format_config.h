#pragma once

#include <string>

#include "ollama_bench/config/sweep_config.h"

namespace ollama_bench {

/// The configuration as YAML that LoadSweepConfig reads back to the same values. Paths are written
/// as they are, so relative ones would be read relative to the new file's folder.
std::string FormatSweepConfig(const SweepConfig& config);

}  // namespace ollama_bench
