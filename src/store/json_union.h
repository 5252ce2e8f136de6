#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "ollama_bench/store/results_store.h"
#include "store_content.h"

namespace ollama_bench {

/// The union of two JSON values: of objects member by member, else the one whose text is greater.
/// Commutative, associative and idempotent.
nlohmann::json JoinJson(const nlohmann::json& a, const nlohmann::json& b);

/// Adds the entries of `from` to those of `into`: samples and visits by id, unknown keys.
/// Entries, visits and samples keep their order where both sides agree on it, else they are sorted.
void JoinEntries(StoreContent& into, const StoreContent& from);

/// The sweeps that a file's samples come from: their store ids. Empty for a file of the old script.
std::set<std::string> OriginsOf(const nlohmann::json& metadata);

/// The union of the two "metadata" objects. `mixed`: whether the sides cannot be compared.
nlohmann::json JoinMetadata(const nlohmann::json& a, const nlohmann::json& b, bool mixed);

}  // namespace ollama_bench
