#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "ollama_bench/core/cell_result.h"
#include "store_content.h"

namespace ollama_bench {

/// The text of an entry, each of its samples on a line of its own. `old_text` is what is in the
/// file for the cell so far, or empty: samples that did not change and unknown keys come from it.
std::string SerialiseEntry(const CellResult& result, const std::string& old_text);

/// Writes the whole file's text into `out`, replacing what was there. No entry's text is outdated.
void RenderStore(const StoreContent& content, std::string& out);

/// Makes in `target` the changes that lead from `base` to `ours`, known keys alone; "identity" and
/// "environment" are compared member by member.
void ApplyMetadataChanges(nlohmann::json& target, const nlohmann::json& base,
                          const nlohmann::json& ours);

}  // namespace ollama_bench
