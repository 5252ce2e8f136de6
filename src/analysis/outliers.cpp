#include "outliers.h"

#include <algorithm>
#include <cmath>

#include "load_runs.h"
#include "ollama_bench/core/median.h"

namespace ollama_bench {
namespace {

constexpr double kSmallestDistance = 0.05;
constexpr double kUsualDistances = 5;
constexpr double kMedianToDeviation = 1.4826;

struct Deviation {
  Run run;
  Cell cell;
  double log_distance = 0;  // from the cell's median
};

std::vector<Run> RunsOf(const CellResult& result, Metric metric) {
  std::vector<Run> runs;
  for (std::vector<Run>& load : RunsByLoad(result, metric)) {
    runs.insert(runs.end(), load.begin(), load.end());
  }
  return runs;
}

}  // namespace

std::vector<Outlier> FindOutliers(const std::vector<CellResult>& results, Metric metric) {
  std::vector<Deviation> deviations;
  std::vector<double> distances;
  for (const CellResult& result : results) {
    const std::vector<Run> runs = RunsOf(result, metric);
    const auto median = MedianLog(runs);
    if (!median) continue;
    for (const Run& run : runs) {
      deviations.push_back({run, result.cell, run.log_value - *median});
      distances.push_back(std::fabs(run.log_value - *median));
    }
  }
  const double usual = kMedianToDeviation * Median(std::move(distances)).value_or(0);
  const double allowed = std::max(kSmallestDistance, kUsualDistances * usual);
  std::vector<Outlier> outliers;
  for (const auto& [run, cell, log_distance] : deviations) {
    if (!run.stalled && std::fabs(log_distance) <= allowed) continue;
    outliers.push_back({cell, run.sample->id, std::exp(log_distance), run.stalled});
  }
  return outliers;
}

}  // namespace ollama_bench
