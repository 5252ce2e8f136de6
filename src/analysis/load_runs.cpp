#include "load_runs.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "ollama_bench/core/median.h"

namespace ollama_bench {
namespace {

constexpr double kStall = 2;

void MarkStalls(std::vector<Run>& load, bool higher_is_better) {
  const auto median = MedianLog(load);
  if (!median) return;
  for (Run& run : load) {
    const double lost = higher_is_better ? *median - run.log_value : run.log_value - *median;
    run.stalled = lost > std::log(kStall);
  }
}

}  // namespace

std::optional<double> LogOf(const std::optional<double>& value) {
  if (!value || !std::isfinite(*value) || *value <= 0) return std::nullopt;
  return std::log(*value);
}

std::optional<double> MedianLog(const std::vector<Run>& runs) {
  if (runs.size() < kFewestRunsForMedian) return std::nullopt;
  std::vector<double> values;
  values.reserve(runs.size());
  for (const Run& run : runs) values.push_back(run.log_value);
  return Median(std::move(values));
}

std::vector<std::vector<Run>> RunsByLoad(const CellResult& result, Metric metric) {
  std::vector<std::vector<Run>> loads;
  const MetricInfo& info = Describe(metric);
  for (const Sample* sample : CountedOf(result)) {
    const auto log_value = LogOf(info.value(*sample));
    if (!log_value) continue;
    auto same = std::find_if(loads.begin(), loads.end(), [sample](const std::vector<Run>& load) {
      return sample->load_id != 0 && load.front().sample->load_id == sample->load_id;
    });
    if (same == loads.end()) same = loads.insert(loads.end(), std::vector<Run>());
    same->push_back({sample, *log_value});
  }
  for (std::vector<Run>& load : loads) MarkStalls(load, info.higher_is_better);
  return loads;
}

}  // namespace ollama_bench
