#include "normal_mixture.h"

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

}  // namespace ollama_bench
