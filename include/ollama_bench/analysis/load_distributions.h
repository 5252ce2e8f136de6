#pragma once

#include <optional>
#include <vector>

#include "ollama_bench/analysis/load_answer.h"
#include "ollama_bench/analysis/prompt_summary.h"
#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/metric.h"

namespace ollama_bench {

/// TTFT, TPOT and E2E in milliseconds over the requests of the level's windows that count, failed
/// ones left out; those without any value are left out.
std::vector<Distribution> DistributionsOf(const CellResult& level,
                                          const RequestsOfWindows& requests);

/// The metric over the samples of a cell that count; empty where none has a value. A load time is
/// one of each load.
std::optional<Distribution> DistributionOf(const CellResult& result, Metric metric);

}  // namespace ollama_bench
