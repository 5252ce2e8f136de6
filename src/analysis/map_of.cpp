#include "ollama_bench/analysis/map_of.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace ollama_bench {
namespace {

constexpr double kNormal95 = 1.96;

double LossAgainst(double value, double best, bool higher_is_better) {
  const double loss = higher_is_better ? 1 - value / best : value / best - 1;
  return std::max(0.0, loss);
}

void SetEstimate(MapCell& cell, const CellEstimate& estimate, double level) {
  const Interval interval = estimate.log.RatioInterval(level);
  cell.value = estimate.value();
  cell.low = interval.low;
  cell.high = interval.high;
  cell.loads = estimate.loads;
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

// log(value) = row effect + column effect + rest, fitted to the measured cells by turns.
class AdditiveFit {
 public:
  explicit AdditiveFit(const SweepMap& map)
      : map_(map), rows_(map.row_count()), columns_(map.column_count()) {
    constexpr int kTurns = 30;
    for (int turn = 0; turn < kTurns; ++turn) {
      Adjust(rows_, columns_, true);
      Adjust(columns_, rows_, false);
    }
    ForEach([this](std::size_t row, std::size_t column, double log) {
      rest_ += std::pow(log - rows_[row].effect - columns_[column].effect, 2);
      ++count_;
    });
  }

  [[nodiscard]] std::vector<std::optional<MarginEffect>> Rows() const { return EffectsOf(rows_); }
  [[nodiscard]] std::vector<std::optional<MarginEffect>> Columns() const {
    return EffectsOf(columns_);
  }

 private:
  struct Line {
    double effect = 0;
    double sum = 0;
    int count = 0;
  };

  template <class Use>
  void ForEach(const Use& use) const {
    for (std::size_t i = 0; i < map_.cells.size(); ++i) {
      const MapCell& cell = map_.cells[i];
      if (cell.kind != MapCell::Kind::kMeasured || !(cell.value > 0)) continue;
      use(i / map_.column_count(), i % map_.column_count(), std::log(cell.value));
    }
  }

  void Adjust(std::vector<Line>& lines, const std::vector<Line>& others, bool are_rows) {
    for (Line& line : lines) line.sum = line.count = 0;
    ForEach([&](std::size_t row, std::size_t column, double log) {
      Line& line = lines[are_rows ? row : column];
      line.sum += log - others[are_rows ? column : row].effect;
      ++line.count;
    });
    for (Line& line : lines) {
      if (line.count > 0) line.effect = line.sum / line.count;
    }
  }

  [[nodiscard]] std::vector<std::optional<MarginEffect>> EffectsOf(
      const std::vector<Line>& lines) const {
    const bool higher_is_better = Describe(map_.metric).higher_is_better;
    const Line* best = nullptr;
    for (const Line& line : lines) {
      if (line.count == 0) continue;
      const bool is_better = best == nullptr || (higher_is_better ? line.effect > best->effect
                                                                  : line.effect < best->effect);
      if (is_better) best = &line;
    }
    std::vector<std::optional<MarginEffect>> effects(lines.size());
    const auto parameters = static_cast<double>(rows_.size() + columns_.size() - 1);
    const double variance = rest_ / std::max(1.0, count_ - parameters);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (lines[i].count == 0) continue;
      const double difference = lines[i].effect - best->effect;
      const double error = std::sqrt(variance * (1.0 / lines[i].count + 1.0 / best->count));
      const double reach = &lines[i] == best ? 0 : kNormal95 * error;
      effects[i] = {100 * std::expm1(difference), 100 * std::expm1(difference - reach),
                    100 * std::expm1(difference + reach)};
    }
    return effects;
  }

  const SweepMap& map_;
  std::vector<Line> rows_;
  std::vector<Line> columns_;
  double rest_ = 0;
  int count_ = 0;
};

void AddAnswer(SweepMap& map, const SweepAnswer& answer) {
  const double level = answer.options.demand.level;
  std::map<Cell, const CellEstimate*> estimates;
  for (const CellEstimate& estimate : answer.cells) estimates[estimate.cell] = &estimate;
  std::set<Cell> contenders;
  for (const CellEstimate& estimate : answer.best.cells) contenders.insert(estimate.cell);
  const bool higher_is_better = Describe(map.metric).higher_is_better;
  for (std::size_t i = 0; i < map.cells.size(); ++i) {
    MapCell& cell = map.cells[i];
    if (!cell.HasValue()) continue;
    const Cell place = map.CellAt(i / map.column_count(), i % map.column_count());
    const auto found = estimates.find(place);
    if (found != estimates.end()) SetEstimate(cell, *found->second, level);
    cell.loss = LossAgainst(cell.value, answer.best.leader.value(), higher_is_better);
    cell.is_contender = contenders.count(place) > 0;
    cell.is_worse = cell.kind == MapCell::Kind::kMeasured
                        ? found != estimates.end() && !cell.is_contender
                        : LossAgainst(higher_is_better ? cell.high : cell.low,
                                      answer.best.leader.value(), higher_is_better) > 0;
  }
  map.recommended = answer.best.recommended.cell;
  if (!answer.baseline) return;
  const CellEstimate& current = answer.baseline->baseline;
  map.current = current.cell;
  if (map.grid.Contains(current.cell)) return;
  MapCell cell;
  cell.kind = MapCell::Kind::kMeasured;
  SetEstimate(cell, current, level);
  cell.raw = cell.value;
  cell.loss = LossAgainst(cell.value, answer.best.leader.value(), higher_is_better);
  cell.is_worse = answer.baseline->verdict == BaselineGain::Verdict::kWorthHaving;
  map.current_off_grid = cell;
}

}  // namespace

SweepMap MapOf(const ResultTable& table, const std::optional<SweepAnswer>& answer,
               const std::set<Cell>& expected_to_fail) {
  SweepMap map;
  map.metric = table.metric;
  map.grid = table.grid;
  for (std::size_t i = 0; i < table.states.size(); ++i) {
    map.cells.push_back(CellWithoutAnswer(table.states[i]));
    const Cell place = table.CellAt(i / table.columns(), i % table.columns());
    if (map.cells.back().kind == MapCell::Kind::kUntested && expected_to_fail.count(place) > 0) {
      map.cells.back().kind = MapCell::Kind::kExpectedToFail;
    }
  }
  if (answer) AddAnswer(map, *answer);
  const AdditiveFit fit(map);
  map.rows = fit.Rows();
  map.columns = fit.Columns();
  return map;
}

}  // namespace ollama_bench
