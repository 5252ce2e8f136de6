#pragma once

#include <vector>

#include "ollama_bench/analysis/load_answer.h"
#include "ollama_bench/analysis/prompt_summary.h"
#include "ollama_bench/core/cell_result.h"

namespace ollama_bench {

/// TTFT, TPOT and E2E in milliseconds over the requests of the level's windows that count, failed
/// ones left out; those without any value are left out.
std::vector<Distribution> DistributionsOf(const CellResult& level,
                                          const RequestsOfWindows& requests);

}  // namespace ollama_bench
