#pragma once

#include <string_view>

#include "ollama_bench/core/sample.h"

namespace ollama_bench {

/// Reads the block that `ollama run --verbose` ends its standard error with. Lines may be missing,
/// follow control sequences, or be followed by other text. Of a repeated line the last
/// counts. Numbers that are no numbers, negative or absurd leave their field empty.
RunMetrics ParseVerboseOutput(std::string_view standard_error);

}  // namespace ollama_bench
