#pragma once

#include <optional>
#include <vector>

#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/metric.h"

namespace ollama_bench {

/// One cell's value of `metric` in the metric's unit: the median over the counted samples. A load
/// time is a property of a load, not of a run: there it is the median over the loads of the longest
/// load time that any run of the load reported, warm-ups included, runs with a bad clock left out.
/// Empty where no sample has a finite value.
std::optional<double> CellValue(const CellResult& result, Metric metric);

/// The load times in seconds that CellValue takes the median of, one per load; samples of an
/// unknown load count as loads of their own.
std::vector<double> LoadTimes(const CellResult& result);

}  // namespace ollama_bench
