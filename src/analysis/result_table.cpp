#include "ollama_bench/analysis/result_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "ollama_bench/analysis/cell_value.h"
#include "ollama_bench/core/cell_status.h"

namespace ollama_bench {
namespace {

CellState StateOf(const CellResult& result, Metric metric) {
  const CellStatus status = StatusOf(result);
  if (status == CellStatus::kFailed) {
    const Failure& failure = *FailureOf(result);
    return Failed{failure.kind, failure.message};
  }
  const int counted = CountedSamples(result);
  if (const auto value = CellValue(result, metric)) {
    const bool per_load = metric == Metric::kLoad;
    return Measured{*value, per_load ? static_cast<int>(result.samples.size()) : counted};
  }
  if (status == CellStatus::kAlias) return AliasOf{*result.alias_of};
  for (const Sample& sample : result.samples) {
    if (status == CellStatus::kExcluded && sample.role != SampleRole::kWarmUp && sample.excluded) {
      return Excluded{*sample.excluded};
    }
  }
  if (counted > 0) {
    return Failed{FailureKind::kNoMetrics,
                  fmt::format("no {} was recorded", Describe(metric).label)};
  }
  return Untested{};
}

bool Sets(const Axis& axis, Parameter parameter) {
  return axis.parameter == parameter && std::any_of(axis.values.begin(), axis.values.end(),
                                                    [](int value) { return value != kAutoValue; });
}

}  // namespace

std::vector<Parameter> ParametersOf(std::span<const ResultTable> tables) {
  std::vector<Parameter> set;
  for (const ParameterInfo& info : AllParameters()) {
    const bool is_set = std::any_of(tables.begin(), tables.end(), [&info](const auto& table) {
      const Grid& grid = table.grid;
      return Sets(grid.across, info.parameter) || Sets(grid.down, info.parameter) ||
             grid.fixed.Sets(info.parameter);
    });
    if (is_set) set.push_back(info.parameter);
  }
  return set;
}

ResultTable BuildResultTable(const std::vector<CellResult>& results, const Grid& grid,
                             Metric metric) {
  ResultTable table{metric, grid, {}};
  table.states.resize(grid.CellCount());
  const bool any_verified = AnyVerified(results);
  for (const CellResult& result : results) {
    const auto place = grid.PlaceOf(result.cell);
    if (!place) continue;
    CellState& state = table.states[*place] = StateOf(result, metric);
    if (auto* measured = std::get_if<Measured>(&state)) {
      measured->unverified = any_verified && IsUnverified(result);
    }
  }
  return table;
}

}  // namespace ollama_bench
