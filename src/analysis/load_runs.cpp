#include "load_runs.h"

#include <algorithm>
#include <cmath>

#include "ollama_bench/core/median.h"

namespace ollama_bench {
namespace {

constexpr std::size_t kFewestRuns = 3;
constexpr double kStall = 2;

void MarkStalls(std::vector<Run>& load, bool higher_is_better) {
  if (load.size() < kFewestRuns) return;
  std::vector<double> values;
  values.reserve(load.size());
  for (const Run& run : load) values.push_back(run.log_value);
  const double median = *Median(std::move(values));
  for (Run& run : load) {
    const double lost = higher_is_better ? median - run.log_value : run.log_value - median;
    run.stalled = lost > std::log(kStall);
  }
}

}  // namespace

std::vector<std::vector<Run>> RunsByLoad(const CellResult& result, Metric metric) {
  std::vector<std::vector<Run>> loads;
  if (result.failure) return loads;
  const MetricInfo& info = Describe(metric);
  for (const Sample& sample : result.samples) {
    const auto value = info.value(sample);
    if (!IsCounted(sample) || !value || !std::isfinite(*value) || *value <= 0) continue;
    auto same = std::find_if(loads.begin(), loads.end(), [&sample](const std::vector<Run>& load) {
      return sample.load_id != 0 && load.front().sample->load_id == sample.load_id;
    });
    if (same == loads.end()) same = loads.insert(loads.end(), std::vector<Run>());
    same->push_back({&sample, std::log(*value)});
  }
  for (std::vector<Run>& load : loads) MarkStalls(load, info.higher_is_better);
  return loads;
}

}  // namespace ollama_bench
