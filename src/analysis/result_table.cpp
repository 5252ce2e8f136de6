#include "ollama_bench/analysis/result_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "cell_value.h"
#include "ollama_bench/core/cell_status.h"

namespace ollama_bench {
namespace {

void SortUnique(std::vector<int>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

Grid UnitedAxes(const std::vector<CellResult>& results, const Grid& planned) {
  Grid grid = planned.CellCount() <= kMostTableCells ? planned : Grid{};
  for (const CellResult& result : results) {
    grid.num_ctx.values.push_back(result.cell.num_ctx);
    grid.num_batch.values.push_back(result.cell.num_batch);
  }
  SortUnique(grid.num_ctx.values);
  SortUnique(grid.num_batch.values);
  return grid;
}

std::size_t IndexOf(const Axis& axis, int value) {
  const auto found = std::lower_bound(axis.values.begin(), axis.values.end(), value);
  return static_cast<std::size_t>(found - axis.values.begin());
}

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

}  // namespace

Expected<ResultTable, std::string> BuildResultTable(const std::vector<CellResult>& results,
                                                    const Grid& planned, Metric metric) {
  ResultTable table{metric, UnitedAxes(results, planned), {}};
  if (table.grid.CellCount() > kMostTableCells) table.grid = UnitedAxes(results, Grid{});
  if (table.grid.CellCount() > kMostTableCells) {
    return Unexpected<std::string>(
        fmt::format("the results span {} num_ctx and {} num_batch values: more than {} cells",
                    table.columns(), table.rows(), kMostTableCells));
  }
  table.states.resize(table.grid.CellCount());
  const bool any_verified = AnyVerified(results);
  for (const CellResult& result : results) {
    const std::size_t row = IndexOf(table.grid.num_batch, result.cell.num_batch);
    const std::size_t column = IndexOf(table.grid.num_ctx, result.cell.num_ctx);
    CellState& state = table.states[row * table.columns() + column] = StateOf(result, metric);
    if (auto* measured = std::get_if<Measured>(&state)) {
      measured->unverified = any_verified && IsUnverified(result);
    }
  }
  return table;
}

}  // namespace ollama_bench
