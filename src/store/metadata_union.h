#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "ollama_bench/store/results_store.h"

namespace ollama_bench {

/// The sweeps that a file's samples come from: their store ids. Empty for a file of the old script.
std::set<std::string> OriginsOf(const nlohmann::json& metadata);

/// The union of the two "metadata" objects. `mixed`: whether the sides cannot be compared.
nlohmann::json JoinMetadata(const nlohmann::json& a, const nlohmann::json& b, bool mixed);

}  // namespace ollama_bench
