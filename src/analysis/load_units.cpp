#include "ollama_bench/analysis/load_units.h"

#include <algorithm>

#include "iso_time.h"
#include "load_runs.h"
#include "ollama_bench/analysis/cell_value.h"
#include "ollama_bench/core/cell_status.h"

namespace ollama_bench {
namespace {

LoadUnit UnitOf(const Cell& cell, const std::vector<Run>& load) {
  const Sample& first = *load.front().sample;
  LoadUnit unit{cell, first.role, first.load_id, 0, 0, 0, SecondsSince1970(first.started)};
  for (const Run& run : load) {
    if (run.stalled) continue;
    // Welford's update: mean and squares in one pass.
    ++unit.runs;
    const double before = run.log_value - unit.log_value;
    unit.log_value += before / unit.runs;
    unit.squares += before * (run.log_value - unit.log_value);
  }
  return unit;
}

// A load has one load time, however many runs follow it.
std::vector<LoadUnit> UnitsOfLoadTimes(const CellResult& result) {
  std::vector<LoadUnit> units;
  for (const double time : LoadTimes(result)) {
    const auto log_value = LogOf(time);
    if (log_value) units.push_back({result.cell, SampleRole::kMeasure, 0, *log_value, 1, 0, {}});
  }
  return units;
}

}  // namespace

std::vector<LoadUnit> LoadUnitsOf(const CellResult& result, Metric metric) {
  if (StatusOf(result) == CellStatus::kFailed) return {};
  if (metric == Metric::kLoad) return UnitsOfLoadTimes(result);
  std::vector<LoadUnit> units;
  for (const std::vector<Run>& load : RunsByLoad(result, metric)) {
    units.push_back(UnitOf(result.cell, load));
  }
  return units;
}

std::vector<LoadUnit> UnbiasedUnits(const std::vector<CellResult>& results, Metric metric) {
  std::vector<LoadUnit> all;
  const bool any_verified = AnyVerified(results);
  for (const CellResult& result : results) {
    if (any_verified && IsUnverified(result)) continue;
    std::vector<LoadUnit> units = LoadUnitsOf(result, metric);
    const bool is_confirmed = std::any_of(units.begin(), units.end(), [](const LoadUnit& unit) {
      return unit.role == SampleRole::kConfirm;
    });
    for (const LoadUnit& unit : units) {
      if (!is_confirmed || unit.role != SampleRole::kMeasure) all.push_back(unit);
    }
  }
  return all;
}

}  // namespace ollama_bench
