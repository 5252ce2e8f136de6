#include "outliers.h"

#include <algorithm>
#include <cmath>

#include "ollama_bench/core/median.h"

namespace ollama_bench {
namespace {

constexpr std::size_t kFewestRuns = 3;
constexpr double kSmallestDistance = 0.05;
constexpr double kUsualDistances = 5;
constexpr double kMedianToDeviation = 1.4826;

struct Run {
  const Sample* sample = nullptr;
  Cell cell;
  double log_value = 0;
};

std::vector<Run> RunsOf(const CellResult& result, Metric metric) {
  std::vector<Run> runs;
  for (const Sample& sample : result.samples) {
    const auto value = Describe(metric).value(sample);
    if (!IsCounted(sample) || !value || !(*value > 0) || !std::isfinite(*value)) continue;
    runs.push_back({&sample, result.cell, std::log(*value)});
  }
  return runs;
}

}  // namespace

std::vector<Outlier> FindOutliers(const std::vector<CellResult>& results, Metric metric) {
  std::vector<Run> runs;  // their values relative to the cell's median
  std::vector<double> distances;
  for (const CellResult& result : results) {
    std::vector<Run> of_cell = RunsOf(result, metric);
    if (of_cell.size() < kFewestRuns) continue;
    std::vector<double> values;
    for (const Run& run : of_cell) values.push_back(run.log_value);
    const double median = *Median(std::move(values));
    for (Run& run : of_cell) {
      run.log_value -= median;
      distances.push_back(std::fabs(run.log_value));
      runs.push_back(run);
    }
  }
  const double usual = kMedianToDeviation * Median(std::move(distances)).value_or(0);
  const double allowed = std::max(kSmallestDistance, kUsualDistances * usual);
  std::vector<Outlier> outliers;
  for (const Run& run : runs) {
    if (std::fabs(run.log_value) <= allowed) continue;
    outliers.push_back({run.cell, run.sample->id, std::exp(run.log_value)});
  }
  return outliers;
}

}  // namespace ollama_bench
