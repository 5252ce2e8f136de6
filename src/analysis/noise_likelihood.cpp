#include "noise_likelihood.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace ollama_bench {
namespace {

constexpr double kTail = 0.025;

double Below(const std::vector<NormalPart>& parts, double value) {
  double probability = 0;
  for (const NormalPart& part : parts) {
    const double deviation = std::sqrt(part.variance);
    if (deviation <= 0) {
      probability += value >= part.mean ? part.weight : 0;
      continue;
    }
    const double distance = (value - part.mean) / deviation;
    probability += part.weight * 0.5 * std::erfc(-distance / std::numbers::sqrt2);
  }
  return probability;
}

double Quantile(const std::vector<NormalPart>& parts, double probability, double low, double high) {
  constexpr int kHalvings = 50;
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = 0.5 * (low + high);
    (Below(parts, middle) < probability ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

}  // namespace

LogPosterior Summarise(const std::vector<NormalPart>& parts) {
  LogPosterior result;
  double low = 0;
  double high = 0;
  for (const NormalPart& part : parts) result.mean += part.weight * part.mean;
  double variance = 0;
  for (const NormalPart& part : parts) {
    const double distance = part.mean - result.mean;
    variance += part.weight * (part.variance + distance * distance);
    const double reach = 8 * std::sqrt(part.variance);
    low = std::min(low, distance - reach);
    high = std::max(high, distance + reach);
  }
  result.deviation = std::sqrt(variance);
  result.low = Quantile(parts, kTail, result.mean + low, result.mean + high);
  result.high = Quantile(parts, 1 - kTail, result.mean + low, result.mean + high);
  return result;
}

NoiseLikelihood::NoiseLikelihood(const std::vector<LoadUnit>& units) {
  std::map<Cell, CellLoads> cells;
  for (const LoadUnit& unit : units) {
    run_differences_ += unit.runs - 1;
    run_squares_ += unit.squares;
    cells[unit.cell].push_back({unit.log_value, unit.runs});
  }
  for (const auto& [cell, loads] : cells) AddCell(loads);
}

void NoiseLikelihood::AddCell(const CellLoads& loads) {
  if (loads.size() < 2) return;
  load_differences_ += static_cast<int>(loads.size()) - 1;
  const bool is_balanced = std::all_of(loads.begin(), loads.end(), [&loads](const Load& load) {
    return load.runs == loads.front().runs;
  });
  if (!is_balanced) {
    unbalanced_.push_back(loads);
    return;
  }
  double mean = 0;
  for (const Load& load : loads) mean += load.log_value / static_cast<double>(loads.size());
  Balanced& sum = balanced_[loads.front().runs];
  sum.differences += static_cast<int>(loads.size()) - 1;
  for (const Load& load : loads) sum.squares += (load.log_value - mean) * (load.log_value - mean);
}

double NoiseLikelihood::LogOfCell(const CellLoads& loads, const Variances& variances) {
  double precision = 0;
  double weighted = 0;
  double log_product = 0;
  for (const Load& load : loads) {
    const double variance = variances.load + variances.run / load.runs;
    precision += 1 / variance;
    weighted += load.log_value / variance;
    log_product += std::log(variance);
  }
  const double mean = weighted / precision;
  double squares = 0;
  for (const Load& load : loads) {
    const double distance = load.log_value - mean;
    squares += distance * distance / (variances.load + variances.run / load.runs);
  }
  return -0.5 * (log_product + std::log(precision) + squares);
}

double NoiseLikelihood::Log(const Variances& variances) const {
  double log_likelihood =
      -0.5 * (run_differences_ * std::log(variances.run) + run_squares_ / variances.run);
  for (const auto& [runs, sum] : balanced_) {
    const double variance = variances.load + variances.run / runs;
    log_likelihood -= 0.5 * (sum.differences * std::log(variance) + sum.squares / variance);
  }
  for (const CellLoads& loads : unbalanced_) log_likelihood += LogOfCell(loads, variances);
  return log_likelihood;
}

}  // namespace ollama_bench
