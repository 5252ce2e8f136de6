#pragma once

#include <nlohmann/json.hpp>

#include "ollama_bench/core/cell.h"

namespace ollama_bench {

/// The "options" of a request that loads, or finds loaded, a model with the cell's values. What is
/// not set is left to the model and the server.
nlohmann::json OptionsOf(const Cell& cell);

}  // namespace ollama_bench
