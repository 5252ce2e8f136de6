#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "ollama_bench/core/cell_result.h"

namespace ollama_bench {

/// How long each measured cell of `results` took: its creates and its runs, warm-ups included, in
/// the order of `results`. Later visits (confirm, control) do not belong to it; cells without
/// recorded times (an old results file) are left out.
std::vector<std::chrono::nanoseconds> CellTimes(std::span<const CellResult> results);

/// The same for estimates: where no cell has recorded times, the gaps between the timestamps of
/// consecutive entries, which is what the old script's files say about the time of a cell.
std::vector<std::chrono::nanoseconds> KnownCellTimes(std::span<const CellResult> results);

/// How long each load of the pass took from its create to its first run that is no warm-up, which
/// is all that a search measures at a time. Loads without recorded times are left out.
std::vector<std::chrono::nanoseconds> SingleRunTimes(std::span<const CellResult> results);

/// How long each window of load took, with the load of the model and the requests before it.
/// Windows without recorded times are left out.
std::vector<std::chrono::nanoseconds> WindowTimes(std::span<const CellResult> results);

/// The time that `cells_left` cells will take: their number times the median of `cell_times`, which
/// a few time-outs do not move. Empty when nothing was measured yet.
std::optional<std::chrono::duration<double>> RemainingTime(
    std::span<const std::chrono::nanoseconds> cell_times, std::size_t cells_left);

}  // namespace ollama_bench
