#pragma once

#include <string>

#include "ollama_bench/analysis/sweep_map.h"

namespace ollama_bench {

/// "num_ctx 8192, num_batch 128: 84.0 tokens/s, 95 % CI [83.1, 84.9], 2.1 % slower than the best".
std::string CellTitle(Metric metric, const Cell& cell, const MapCell& state);
/// The same for a cell by itself: "84.0 tokens/s, …".
std::string CellDescription(Metric metric, const MapCell& state);

}  // namespace ollama_bench
