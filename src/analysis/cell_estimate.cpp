#include "ollama_bench/analysis/cell_estimate.h"

#include <cmath>
#include <map>

namespace ollama_bench {
namespace {

CellEstimate EstimateOf(const Cell& cell, const std::vector<const LoadUnit*>& units,
                        const NoiseModel& noise) {
  const Variances variances = noise.PosteriorMean();
  const auto precision = [&variances](const LoadUnit& unit) {
    return 1 / (variances.load + variances.run / unit.runs);
  };
  double total = 0;
  for (const LoadUnit* unit : units) total += precision(*unit);
  CellEstimate estimate;
  estimate.cell = cell;
  for (const LoadUnit* unit : units) {
    const double weight = precision(*unit) / total;
    estimate.log.value += weight * unit->log_value;
    estimate.log.shares.load += weight * weight;
    estimate.log.shares.run += weight * weight / unit->runs;
    ++estimate.loads;
    if (unit->role == SampleRole::kConfirm) ++estimate.confirming;
    estimate.runs += unit->runs;
  }
  return estimate;
}

}  // namespace

Interval LogEstimate::LogInterval(double level) const {
  const double half = error.HalfWidth(level);
  return {value - half, value + half};
}

Interval LogEstimate::RatioInterval(double level) const {
  const Interval log = LogInterval(level);
  return {std::exp(log.low), std::exp(log.high)};
}

double CellEstimate::value() const {
  return std::exp(log.value);
}

std::vector<CellEstimate> EstimateCells(const std::vector<LoadUnit>& units,
                                        const NoiseModel& noise) {
  std::map<Cell, std::vector<const LoadUnit*>> cells;
  for (const LoadUnit& unit : units) cells[unit.cell].push_back(&unit);
  std::map<NoiseShares, StandardError> errors;  // most cells share theirs
  std::vector<CellEstimate> estimates;
  for (const auto& [cell, loads] : cells) {
    CellEstimate& estimate = estimates.emplace_back(EstimateOf(cell, loads, noise));
    const auto [entry, is_new] = errors.try_emplace(estimate.log.shares);
    if (is_new) entry->second = noise.Of(estimate.log.shares);
    estimate.log.error = entry->second;
  }
  return estimates;
}

LogEstimate Difference(const LogEstimate& a, const LogEstimate& b, const NoiseModel& noise) {
  const NoiseShares shares = a.shares + b.shares;
  return {b.value - a.value, shares, noise.Of(shares)};
}

}  // namespace ollama_bench
