#pragma once

#include <string>

#include "ollama_bench/core/expected.h"

namespace ollama_bench {

/// "5%", "5 %" or "5" as 0.05: a loss that an option allows, above 0 and below 100 per cent. An
/// error in words otherwise.
Expected<double, std::string> ParsePercent(const std::string& text);

/// The error alone, as a check of CLI11 has it: empty where `text` is fine.
std::string CheckPercent(const std::string& text);

}  // namespace ollama_bench
