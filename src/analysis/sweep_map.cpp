#include "ollama_bench/analysis/sweep_map.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace ollama_bench {
namespace {

double LossAgainst(double value, double best, bool higher_is_better) {
  const double loss = higher_is_better ? 1 - value / best : value / best - 1;
  return std::max(0.0, loss);
}

void SetStanding(MapCell& cell, const CellStanding& standing, bool higher_is_better) {
  cell.value = std::exp(standing.value.mean);
  cell.low = std::exp(standing.value.low);
  cell.high = std::exp(standing.value.high);
  cell.loads = standing.loads;
  const LogPosterior& contrast = standing.against_leader;
  cell.loss =
      std::max(0.0, higher_is_better ? -std::expm1(contrast.mean) : std::expm1(contrast.mean));
  cell.is_worse = higher_is_better ? contrast.high < 0 : contrast.low > 0;
}

MapCell CellWithoutAnswer(const CellState& state) {
  MapCell cell;
  if (const auto* measured = std::get_if<Measured>(&state)) {
    cell.kind = MapCell::Kind::kMeasured;
    cell.raw = cell.value = cell.low = cell.high = measured->value;
  } else if (const auto* failed = std::get_if<Failed>(&state)) {
    cell.kind = MapCell::Kind::kFailed;
    cell.failure = failed->kind;
    cell.message = failed->message;
  } else if (const auto* excluded = std::get_if<Excluded>(&state)) {
    cell.kind = MapCell::Kind::kExcluded;
    cell.excluded = excluded->reason;
  } else if (const auto* alias = std::get_if<AliasOf>(&state)) {
    cell.kind = MapCell::Kind::kAlias;
    cell.alias_of = alias->cell;
  } else if (const auto& estimate = std::get<Untested>(state).estimate) {
    cell.kind = MapCell::Kind::kEstimated;
    cell.value = estimate->value;
    cell.low = estimate->value / (1 + estimate->margin);
    cell.high = estimate->value * (1 + estimate->margin);
  }
  return cell;
}

std::vector<std::optional<MarginEffect>> Margins(const std::vector<AxisMean>& means,
                                                 const Axis& axis) {
  std::vector<std::optional<MarginEffect>> margins(axis.values.size());
  for (const AxisMean& mean : means) {
    const auto place = std::find(axis.values.begin(), axis.values.end(), mean.value);
    if (place == axis.values.end()) continue;
    const LogPosterior& effect = mean.against_best;
    margins[static_cast<std::size_t>(place - axis.values.begin())] = {
        100 * std::expm1(effect.mean), 100 * std::expm1(effect.low), 100 * std::expm1(effect.high)};
  }
  return margins;
}

// Of a cell that was not measured: worse where all of its interval is.
void CompareEstimate(MapCell& cell, double best, bool higher_is_better) {
  cell.loss = LossAgainst(cell.value, best, higher_is_better);
  cell.is_worse = LossAgainst(higher_is_better ? cell.high : cell.low, best, higher_is_better) > 0;
}

// A setting outside the planned cells is shown beside a map of one request.
void AddCurrent(SweepMap& map, const SweepAnswer& answer, bool is_only) {
  if (!answer.current) return;
  const CellStanding& current = answer.cells[*answer.current];
  const bool is_off_grid = OffGrid(current.cell, answer.options.planned).has_value();
  if (is_only || !is_off_grid) map.current.insert(current.cell);
  if (!is_only || !is_off_grid || map.grid.Contains(current.cell)) return;
  MapCell cell;
  cell.kind = MapCell::Kind::kMeasured;
  SetStanding(cell, current, Describe(map.metric).higher_is_better);
  cell.raw = cell.value;
  map.current_off_grid = cell;
}

// What the answer that speaks of it says of the cell.
void AddStanding(MapCell& cell, const Cell& place, const SweepAnswer& answer, Metric metric) {
  const bool higher_is_better = Describe(metric).higher_is_better;
  if (cell.kind == MapCell::Kind::kEstimated) {
    CompareEstimate(cell, std::exp(answer.cells[answer.leader].value.mean), higher_is_better);
  }
  if (cell.kind != MapCell::Kind::kMeasured) return;
  if (const CellStanding* standing = answer.Find(place)) {
    SetStanding(cell, *standing, higher_is_better);
  }
}

// What one answer marks.
void AddMarks(SweepMap& map, const SweepAnswer& answer, bool is_only) {
  for (const std::size_t contender : answer.contenders) {
    const Cell& cell = answer.cells[contender].cell;
    if (const auto place = map.grid.PlaceOf(cell)) map.cells[*place].is_contender = true;
  }
  if (answer.recommended) map.recommended.insert(answer.cells[*answer.recommended].cell);
  AddCurrent(map, answer, is_only);
}

void AddMargins(SweepMap& map, const SweepAnswer& answer) {
  map.rows = Margins(answer.MeansAlong(map.grid.down.parameter), map.grid.down);
  map.columns = Margins(answer.MeansAlong(map.grid.across.parameter), map.grid.across);
}

}  // namespace

SweepMap MapOf(const ResultTable& table, std::span<const StratumAnswer> answers,
               const std::set<Cell>& expected_to_fail) {
  SweepMap map;
  map.metric = table.metric;
  map.grid = table.grid;
  std::set<const SweepAnswer*> of_map;
  for (std::size_t i = 0; i < table.states.size(); ++i) {
    MapCell& cell = map.cells.emplace_back(CellWithoutAnswer(table.states[i]));
    const Cell place = table.CellAt(i / table.columns(), i % table.columns());
    if (cell.kind == MapCell::Kind::kUntested && expected_to_fail.count(place) > 0) {
      cell.kind = MapCell::Kind::kExpectedToFail;
    }
    const SweepAnswer* answer = AnswerFor(answers, place);
    if (answer == nullptr) continue;
    of_map.insert(answer);
    AddStanding(cell, place, *answer, table.metric);
  }
  const bool is_only = of_map.size() == 1;
  for (const SweepAnswer* answer : of_map) {
    if (!HaveNoChoice(answers)) AddMarks(map, *answer, is_only);
  }
  if (is_only) AddMargins(map, **of_map.begin());
  return map;
}

}  // namespace ollama_bench
