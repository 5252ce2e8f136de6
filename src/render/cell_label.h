#pragma once

#include <string>

#include "ollama_bench/core/failure.h"
#include "ollama_bench/core/sample.h"

namespace ollama_bench {

/// In front of a value that nobody measured.
inline constexpr char kEstimateSign = '~';

/// What is written in a cell without a value: "OOM", "wrong context".
std::string ShortLabel(FailureKind kind);
std::string ShortLabel(Exclusion reason);

}  // namespace ollama_bench
