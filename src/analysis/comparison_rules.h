#pragma once

#include <vector>

#include "ollama_bench/analysis/comparison.h"

// What comparisons of two sweeps and of two values in one sweep have in common.
namespace ollama_bench {

/// Why the cell failed where it was tried; null where it was measured. What was not recorded, or
/// not finished, was not tried. Valid as long as `result`.
const Failure* FailureOfTried(const CellResult& result);

/// Benjamini and Hochberg: the largest k whose k-th smallest p-value is at most k / n times the
/// rate.
void CallCells(std::vector<CellChange>& cells, const Demand& demand);

/// Of the comparison's cells, whose mean difference by the noise alone is `mean`: with the error by
/// their spread where that is wider.
Change OverallChange(const SweepComparison& comparison, const LogEstimate& mean);

}  // namespace ollama_bench
