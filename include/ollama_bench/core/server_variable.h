#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ollama_bench/core/parameter.h"

namespace ollama_bench {

// Settings of Scope::kServer are variables of the environment of `ollama serve`.

/// The value of a setting of Scope::kServer, as its environment variable has it: "1", "q8_0",
/// "0,1".
std::string VariableText(Parameter parameter, int value);
/// What the variable's text means; empty where it is not set, or means nothing that is known.
std::optional<int> ReadVariableText(Parameter parameter, std::string_view text);

}  // namespace ollama_bench
