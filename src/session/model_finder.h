#pragma once

#include <optional>
#include <string>

#include "ollama_bench/config/sweep_config.h"
#include "ollama_bench/core/expected.h"
#include "ollama_bench/ollama/cli_driver.h"
#include "ollama_bench/session/session_error.h"

namespace ollama_bench {

/// The configured Modelfile, or nothing where a model is named instead. The error (kUsage) names
/// file and line.
Expected<std::optional<ModelfileTemplate>, SessionError> ReadTemplate(const SweepConfig& config);

/// The model as the user named it: its name, or the path of the Modelfile.
std::string ModelDescription(const SweepConfig& config);

}  // namespace ollama_bench
