#include "ollama_bench/analysis/cell_estimate.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "ollama_bench/core/median.h"
#include "ollama_bench/core/metric.h"

namespace ollama_bench {
namespace {

std::optional<double> FiniteValue(const Sample& sample, Metric metric) {
  const auto value = Describe(metric).value(sample);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

std::vector<double> ValuesOfCountedSamples(const CellResult& result, Metric metric) {
  std::vector<double> values;
  for (const Sample* sample : CountedOf(result)) {
    if (const auto value = FiniteValue(*sample, metric)) values.push_back(*value);
  }
  return values;
}

}  // namespace

namespace {

std::optional<double> LoadTimeOf(const Sample& sample) {
  return sample.excluded == Exclusion::kClock ? std::nullopt : FiniteValue(sample, Metric::kLoad);
}

}  // namespace

std::map<std::int64_t, double> LoadTimesById(const CellResult& result) {
  std::map<std::int64_t, double> longest;
  for (const Sample& sample : result.samples) {
    const auto time = LoadTimeOf(sample);
    if (!time || sample.load_id == 0) continue;
    const auto [entry, is_new] = longest.emplace(sample.load_id, *time);
    if (!is_new) entry->second = std::max(entry->second, *time);
  }
  return longest;
}

std::vector<double> LoadTimes(const CellResult& result) {
  std::vector<double> times;
  for (const Sample& sample : result.samples) {
    // Nobody knows which runs shared an unknown load.
    const auto time = sample.load_id == 0 ? LoadTimeOf(sample) : std::nullopt;
    if (time) times.push_back(*time);
  }
  for (const auto& [load_id, time] : LoadTimesById(result)) times.push_back(time);
  return times;
}

std::optional<double> CellValue(const CellResult& result, Metric metric) {
  return Median(metric == Metric::kLoad ? LoadTimes(result)
                                        : ValuesOfCountedSamples(result, metric));
}

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

namespace {

// The first sample of each load that has the sizes; all samples of a load have the same.
std::vector<const Sample*> OnePerLoad(const CellResult& result) {
  std::vector<const Sample*> samples;
  std::set<std::int64_t> loads;
  for (const Sample& sample : result.samples) {
    if (!GpuShare(sample)) continue;
    if (sample.load_id != 0 && !loads.insert(sample.load_id).second) continue;
    samples.push_back(&sample);
  }
  return samples;
}

}  // namespace

std::optional<double> GpuShare(const Sample& sample) {
  if (!sample.size_bytes || !sample.size_vram_bytes || *sample.size_bytes <= 0) return std::nullopt;
  const double share =
      static_cast<double>(*sample.size_vram_bytes) / static_cast<double>(*sample.size_bytes);
  return std::clamp(share, 0.0, 1.0);
}

CellServing ServingOf(const CellResult& result) {
  CellServing serving;
  std::vector<double> shares;
  std::vector<double> bytes;
  std::vector<double> rates;
  for (const VisitRecord& visit : result.visits) {
    const auto rate = visit.decode ? DecodeRate(*visit.decode) : std::nullopt;
    if (rate) rates.push_back(*rate);
  }
  serving.decode_rate = Median(std::move(rates));
  for (const Sample* sample : OnePerLoad(result)) {
    shares.push_back(*GpuShare(*sample));
    bytes.push_back(static_cast<double>(*sample->size_bytes));
  }
  serving.gpu_share = Median(std::move(shares));
  if (const auto median = Median(std::move(bytes))) serving.memory_bytes = std::llround(*median);
  std::vector<double> joules;
  for (const Sample* sample : CountedOf(result)) {
    const auto value = Describe(Metric::kJoulesPerToken).value(*sample);
    if (value) joules.push_back(*value);
  }
  serving.joules_per_token = Median(std::move(joules));
  return serving;
}

}  // namespace ollama_bench
