#pragma once

#include <nlohmann/json.hpp>

#include "store_content.h"

namespace ollama_bench {

/// The union of two JSON values: of objects member by member, else the one whose text is greater.
/// Commutative, associative and idempotent.
nlohmann::json JoinJson(const nlohmann::json& a, const nlohmann::json& b);

/// Adds the entries of `from` to those of `into`: samples and visits by id, unknown keys.
/// Entries, visits and samples keep their order where both sides agree on it, else they are sorted.
void JoinEntries(StoreContent& into, const StoreContent& from);

}  // namespace ollama_bench
