#include "ollama_bench/analysis/result_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "ollama_bench/analysis/cell_estimate.h"
#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/median.h"

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

namespace {

std::optional<ValueSummary> Summarize(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  ValueSummary summary;
  const auto [minimum, maximum] = std::minmax_element(values.begin(), values.end());
  summary.minimum = *minimum;
  summary.maximum = *maximum;
  // Divided first, so that the sum of large finite values stays finite.
  const auto n = static_cast<double>(values.size());
  for (const double value : values) summary.mean += value / n;
  summary.mean = std::clamp(summary.mean, summary.minimum, summary.maximum);
  summary.median = *Median(std::move(values));
  return summary;
}

// Collects the values of comparable cells.
void Count(const ResultTable& table, TableStatistics& statistics, std::vector<double>& values) {
  statistics.combinations += table.states.size();
  for (const CellState& state : table.states) {
    if (const auto* measured = std::get_if<Measured>(&state)) {
      ++statistics.successful;
      if (!measured->unverified) values.push_back(measured->value);
    } else if (const auto* failed = std::get_if<Failed>(&state)) {
      ++statistics.failed;
      ++statistics.failed_by_kind[failed->kind];
    } else if (std::holds_alternative<Excluded>(state)) {
      ++statistics.excluded;
    } else if (std::holds_alternative<AliasOf>(state)) {
      ++statistics.aliases;
    } else {
      ++statistics.untested;
    }
  }
}

}  // namespace

TableStatistics ComputeStatistics(std::span<const ResultTable> tables) {
  TableStatistics statistics;
  std::vector<double> values;
  for (const ResultTable& table : tables) Count(table, statistics, values);
  statistics.values = Summarize(std::move(values));
  return statistics;
}

}  // namespace ollama_bench
