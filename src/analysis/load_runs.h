#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/metric.h"

namespace ollama_bench {

/// A counted run whose value has a logarithm.
struct Run {
  const Sample* sample = nullptr;
  double log_value = 0;
  /// Worse than the median of its load by more than a factor of two. Something else had the machine
  /// for that moment: on a CPU whose threads wait for each other, one busy neighbour makes a run
  /// ten or twenty times slower. Never set in a load of fewer than three runs.
  bool stalled = false;
};

inline constexpr std::size_t kFewestRunsForMedian = 3;

/// The natural log; empty where there is none.
std::optional<double> LogOf(const std::optional<double>& value);

/// The median log value; empty for fewer runs than kFewestRunsForMedian.
std::optional<double> MedianLog(const std::vector<Run>& runs);

/// The runs of each load of the cell, in the order of their first samples. A sample that knows no
/// load (load_id 0) is a load of its own. A failed cell has none.
std::vector<std::vector<Run>> RunsByLoad(const CellResult& result, Metric metric);

}  // namespace ollama_bench
