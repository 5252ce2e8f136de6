#pragma once

#include <vector>

#include "ollama_bench/analysis/sweep_answer.h"

namespace ollama_bench {

/// The stalled runs, and the counted ones that are more than 5 % and more than five usual distances
/// off the median of their cell. The usual distance is 1.4826 times the median of all distances,
/// the standard deviation of a normal sample that outliers cannot inflate. Cells with fewer than
/// three runs have none.
std::vector<Outlier> FindOutliers(const std::vector<CellResult>& results, Metric metric);

}  // namespace ollama_bench
