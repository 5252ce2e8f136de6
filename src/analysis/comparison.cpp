#include "ollama_bench/analysis/comparison.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "comparison_rules.h"
#include "ollama_bench/core/cell_result.h"

namespace ollama_bench {
namespace {

constexpr std::size_t kFewestCellsForSpread = 3;
// How much of the probability of a false call the cells have; the overall change has the rest.
constexpr double kShareOfCells = 0.8;

// Both sweeps' units under one noise. A cell of the second is another one than that of the first:
// no cell of a sweep has a negative value.
NoiseModel PooledNoise(const std::vector<LoadUnit>& first, std::vector<LoadUnit> second) {
  for (LoadUnit& unit : second) {
    const int value = std::max(-1, unit.cell[Parameter::kMainGpu]);
    unit.cell.Set(Parameter::kMainGpu, -2 - value);
  }
  second.insert(second.end(), first.begin(), first.end());
  return NoiseModel::Fit(second);
}

void PairCells(const std::vector<CellEstimate>& first, const std::vector<CellEstimate>& second,
               SweepComparison& comparison) {
  auto a = first.begin();
  auto b = second.begin();
  while (a != first.end() || b != second.end()) {
    if (b == second.end() || (a != first.end() && a->cell < b->cell)) {
      comparison.only_first.push_back((a++)->cell);
    } else if (a == first.end() || b->cell < a->cell) {
      comparison.only_second.push_back((b++)->cell);
    } else {
      CellChange change{*a, *b, {}};
      change.change.log = Difference(a->log, b->log, comparison.noise);
      change.change.p_value = change.change.log.error.PValue(change.change.log.value);
      comparison.cells.push_back(change);
      ++a;
      ++b;
    }
  }
}

std::map<Cell, Failure> FailuresOf(const std::vector<CellResult>& results) {
  std::map<Cell, Failure> failures;
  for (const CellResult& result : results) {
    if (const Failure* failure = FailureOfTried(result)) failures[result.cell] = *failure;
  }
  return failures;
}

// Of the cells `only` that are measured in one sweep alone, ordered as in its estimates, those that
// failed in the other.
std::vector<FailedCell> FailedIn(const std::vector<CellResult>& other,
                                 const std::vector<Cell>& only,
                                 const std::vector<CellEstimate>& estimates) {
  std::vector<FailedCell> cells;
  const std::map<Cell, Failure> failures = FailuresOf(other);
  for (const CellEstimate& estimate : estimates) {
    const auto failed = failures.find(estimate.cell);
    if (failed == failures.end()) continue;
    const bool is_alone = std::find(only.begin(), only.end(), estimate.cell) != only.end();
    if (is_alone) cells.push_back({estimate, failed->second});
  }
  return cells;
}

bool Exceeds(const Change& change, double threshold) {
  return std::fabs(std::expm1(change.log.value)) > threshold;
}

StandardError ErrorFromSpread(const std::vector<CellChange>& cells, double mean) {
  const auto n = static_cast<double>(cells.size());
  double squares = 0;
  for (const CellChange& cell : cells) {
    const double distance = cell.change.log.value - mean;
    squares += distance * distance;
  }
  return {std::sqrt(squares / (n - 1) / n), n - 1};
}

// The mean of the differences, which share nothing but the noise.
LogEstimate MeanDifference(const SweepComparison& comparison) {
  const auto n = static_cast<double>(comparison.cells.size());
  LogEstimate mean;
  for (const CellChange& cell : comparison.cells) {
    mean.value += cell.change.log.value / n;
    mean.shares = mean.shares + cell.change.log.shares;
  }
  mean.shares = {mean.shares.load / (n * n), mean.shares.run / (n * n)};
  mean.error = comparison.noise.Of(mean.shares);
  return mean;
}

}  // namespace

const Failure* FailureOfTried(const CellResult& result) {
  const Failure* failure = FailureOf(result);
  if (failure == nullptr || failure->kind == FailureKind::kNotRecorded) return nullptr;
  return failure;
}

void CallCells(std::vector<CellChange>& cells, const Demand& demand) {
  std::vector<std::size_t> order(cells.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&cells](std::size_t a, std::size_t b) {
    return cells[a].change.p_value < cells[b].change.p_value;
  });
  std::size_t called = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const double allowed = (1 - demand.level) * kShareOfCells * static_cast<double>(i + 1) /
                           static_cast<double>(order.size());
    if (cells[order[i]].change.p_value <= allowed) called = i + 1;
  }
  for (std::size_t i = 0; i < called; ++i) {
    Change& change = cells[order[i]].change;
    change.is_called = Exceeds(change, demand.threshold);
  }
}

Change OverallChange(const SweepComparison& comparison, const LogEstimate& mean) {
  const double level = comparison.OverallLevel();
  Change overall;
  overall.log = mean;
  if (comparison.cells.size() >= kFewestCellsForSpread) {
    const StandardError spread = ErrorFromSpread(comparison.cells, mean.value);
    const bool is_wider = spread.HalfWidth(level) > mean.error.HalfWidth(level);
    if (is_wider) overall.log.error = spread;
  }
  overall.p_value = overall.log.error.PValue(overall.log.value);
  overall.is_called = overall.p_value <= 1 - level && Exceeds(overall, comparison.demand.threshold);
  return overall;
}

double Change::percent() const {
  return 100 * std::expm1(log.value);
}

Interval Change::PercentInterval(double level) const {
  const Interval interval = log.LogInterval(level);
  return {100 * std::expm1(interval.low), 100 * std::expm1(interval.high)};
}

double SweepComparison::OverallLevel() const {
  return 1 - (1 - demand.level) * (1 - kShareOfCells);
}

SweepComparison CompareSweeps(const std::vector<CellResult>& first,
                              const std::vector<CellResult>& second, Metric metric,
                              const Demand& demand) {
  SweepComparison comparison;
  comparison.metric = metric;
  comparison.demand = demand;
  const std::vector<LoadUnit> first_units = UnbiasedUnits(first, metric);
  const std::vector<LoadUnit> second_units = UnbiasedUnits(second, metric);
  comparison.noise = PooledNoise(first_units, second_units);
  const std::vector<CellEstimate> before = EstimateCells(first_units, comparison.noise);
  const std::vector<CellEstimate> after = EstimateCells(second_units, comparison.noise);
  PairCells(before, after, comparison);
  comparison.now_failed = FailedIn(second, comparison.only_first, before);
  comparison.now_measured = FailedIn(first, comparison.only_second, after);
  if (comparison.cells.empty()) return comparison;
  CallCells(comparison.cells, demand);
  comparison.overall = OverallChange(comparison, MeanDifference(comparison));
  return comparison;
}

bool IsLoss(const Change& change, Metric metric, double loss, double margin) {
  const double sign = Describe(metric).higher_is_better ? 1 : -1;
  return change.is_called && -sign * change.log.value - margin > -std::log1p(-loss);
}

bool IsSlower(const SweepComparison& comparison, double loss) {
  if (!comparison.now_failed.empty()) return true;
  if (comparison.overall && IsLoss(*comparison.overall, comparison.metric, loss, 0)) return true;
  return std::any_of(comparison.cells.begin(), comparison.cells.end(), [&](const auto& cell) {
    return IsLoss(cell.change, comparison.metric, loss,
                  cell.change.log.error.HalfWidth(comparison.demand.level));
  });
}

}  // namespace ollama_bench
