#pragma once

#include <nlohmann/json.hpp>

#include "ollama_bench/core/cell.h"

namespace ollama_bench {

/// One key for each parameter that is set, in the order of the parameters: numbers, and true or
/// false for switches.
nlohmann::ordered_json CellJson(const Cell& cell);

}  // namespace ollama_bench
