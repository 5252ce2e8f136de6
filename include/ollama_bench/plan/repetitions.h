#pragma once

#include <chrono>
#include <optional>

#include "ollama_bench/core/cell_result.h"

namespace ollama_bench {

inline constexpr int kRepetitionsOfShortRun = 3;

/// How many counted samples a cell is to have: the configured number, or else one where a run lasts
/// 10 s or more, and three where it is shorter.
int WantedRepetitions(std::optional<int> configured, std::chrono::nanoseconds first_counted_run);

/// Whether `result` has the counted samples that it is to have. Without a configured number, an
/// entry of the old script (a printed rate alone) is complete, since it does not have the duration
/// of its run; a sample of ours without a wall time is classified by Ollama's total duration, and
/// taken for a short run where that is missing too.
bool HasWantedSamples(const CellResult& result, std::optional<int> configured);

}  // namespace ollama_bench
