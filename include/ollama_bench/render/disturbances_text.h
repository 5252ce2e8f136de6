#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "ollama_bench/analysis/disturbances.h"

namespace ollama_bench {

/// One line for a person, with no line end; empty where nothing was disturbed.
std::string DisturbancesText(const Disturbances& disturbances);
/// For programs; null where nothing was disturbed.
nlohmann::ordered_json DisturbancesJson(const Disturbances& disturbances);

}  // namespace ollama_bench
