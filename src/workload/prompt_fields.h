#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "ollama_bench/core/expected.h"
#include "ollama_bench/core/prompt_record.h"

namespace ollama_bench {

/// The prompt of one entry of a data set; its id stays empty where it has none. `field` is the key
/// of the prompt, empty for the usual ones. The error says why there is none.
Expected<PromptItem, std::string> PromptOf(const nlohmann::ordered_json& entry,
                                           const std::string& field);

}  // namespace ollama_bench
