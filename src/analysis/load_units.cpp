#include "ollama_bench/analysis/load_units.h"

#include <algorithm>
#include <cmath>

#include "iso_time.h"
#include "ollama_bench/analysis/cell_value.h"

namespace ollama_bench {
namespace {

std::optional<double> LogOf(const std::optional<double>& value) {
  if (!value || !std::isfinite(*value) || *value <= 0) return std::nullopt;
  return std::log(*value);
}

// Welford's update: mean and squares in one pass.
void AddRun(LoadUnit& unit, double log_value) {
  ++unit.runs;
  const double before = log_value - unit.log_value;
  unit.log_value += before / unit.runs;
  unit.squares += before * (log_value - unit.log_value);
}

LoadUnit NewUnit(const Cell& cell, const Sample& sample, double log_value) {
  return {cell, sample.role, sample.load_id, log_value, 1, 0, SecondsSince1970(sample.started)};
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
  if (result.failure) return {};
  if (metric == Metric::kLoad) return UnitsOfLoadTimes(result);
  std::vector<LoadUnit> units;
  for (const Sample& sample : result.samples) {
    const auto log_value = LogOf(Describe(metric).value(sample));
    if (!IsCounted(sample) || !log_value) continue;
    const auto same = std::find_if(units.begin(), units.end(), [&sample](const LoadUnit& unit) {
      return sample.load_id != 0 && unit.load_id == sample.load_id;
    });
    if (same == units.end()) {
      units.push_back(NewUnit(result.cell, sample, *log_value));
    } else {
      AddRun(*same, *log_value);
    }
  }
  return units;
}

std::vector<LoadUnit> UnbiasedUnits(const std::vector<CellResult>& results, Metric metric) {
  std::vector<LoadUnit> all;
  for (const CellResult& result : results) {
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
