#pragma once

#include <filesystem>
#include <optional>

#include "ollama_bench/config/sweep_config.h"
#include "settings.h"

namespace ollama_bench {

/// Fills `model` or `modelfile` of `config`, whichever the settings name; errors for both, a
/// name that Ollama would refuse, and a Modelfile that cannot be opened.
void ReadModel(const Settings& settings, SweepConfig& config, ErrorList& errors);

/// Fills `prompt` of `config`, reading the prompt file where there is one; the built-in text where
/// the settings name none.
void ReadPrompt(const Settings& settings, SweepConfig& config, ErrorList& errors);

}  // namespace ollama_bench
