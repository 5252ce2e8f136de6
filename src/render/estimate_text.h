#pragma once

#include <span>
#include <string>

#include "ollama_bench/analysis/sweep_map.h"

namespace ollama_bench {

/// How far the estimated cells may be off at 95 %: "+/- 1.4 % (median), 2.7 % at most"; empty where
/// none is estimated.
std::string EstimateMargins(std::span<const SweepMap> maps);

}  // namespace ollama_bench
