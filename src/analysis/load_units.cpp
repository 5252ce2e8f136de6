#include "ollama_bench/analysis/load_units.h"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "load_runs.h"
#include "ollama_bench/analysis/cell_estimate.h"
#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/clock.h"

namespace ollama_bench {
namespace {

std::string OriginOf(const CellResult& result, const Sample& sample) {
  const auto visit = std::find_if(result.visits.begin(), result.visits.end(),
                                  [&](const VisitRecord& v) { return v.id == sample.visit; });
  return visit == result.visits.end() ? std::string() : visit->start;
}

LoadUnit UnitOf(const CellResult& result, const std::vector<Run>& load) {
  const Sample& first = *load.front().sample;
  LoadUnit unit;
  unit.cell = result.cell;
  unit.role = first.role;
  unit.load_id = first.load_id;
  unit.runs = 0;
  unit.start_s = SecondsSince1970(first.started);
  unit.origin = OriginOf(result, first);
  unit.first_sample = first.id;
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
    if (!log_value) continue;
    LoadUnit& unit = units.emplace_back();
    unit.cell = result.cell;
    unit.log_value = *log_value;
  }
  return units;
}

}  // namespace

std::vector<LoadUnit> LoadUnitsOf(const CellResult& result, Metric metric) {
  if (StatusOf(result) == CellStatus::kFailed) return {};
  if (metric == Metric::kLoad) return UnitsOfLoadTimes(result);
  std::vector<LoadUnit> units;
  for (const std::vector<Run>& load : RunsByLoad(result, metric)) {
    units.push_back(UnitOf(result, load));
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

std::vector<LoadUnit> ComparableUnits(const std::vector<CellResult>& results, Metric metric) {
  std::vector<LoadUnit> units;
  const bool any_verified = AnyVerified(results);
  for (const CellResult& result : results) {
    if (any_verified && IsUnverified(result)) continue;
    for (LoadUnit& unit : LoadUnitsOf(result, metric)) units.push_back(std::move(unit));
  }
  return units;
}

std::vector<LoadUnit> JoinedByCells(const std::vector<LoadUnit>& units) {
  if (units.empty()) return {};
  std::map<std::string, std::string> parents;
  const std::function<std::string(const std::string&)> root = [&](const std::string& origin) {
    const std::string& parent = parents.try_emplace(origin, origin).first->second;
    return parent == origin ? origin : root(std::string(parent));
  };
  std::map<Cell, std::string> first_origins;
  for (const LoadUnit& unit : units) {
    const auto [first, is_new] = first_origins.try_emplace(unit.cell, unit.origin);
    parents[root(unit.origin)] = root(first->second);
  }
  std::map<std::string, std::size_t> sizes;
  for (const LoadUnit& unit : units) ++sizes[root(unit.origin)];
  const auto largest = std::max_element(
      sizes.begin(), sizes.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  std::vector<LoadUnit> joined;
  for (const LoadUnit& unit : units) {
    if (root(unit.origin) == largest->first) joined.push_back(unit);
  }
  return joined;
}

}  // namespace ollama_bench
