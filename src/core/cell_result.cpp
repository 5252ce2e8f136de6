#include "ollama_bench/core/cell_result.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "ollama_bench/core/median.h"
#include "ollama_bench/core/metric.h"

namespace ollama_bench {

std::vector<const Sample*> CountedOf(const CellResult& result) {
  std::vector<const Sample*> counted;
  for (const Sample& sample : result.samples) {
    if (IsCounted(sample)) counted.push_back(&sample);
  }
  const auto is_verified = [](const Sample* sample) { return !sample->unverified; };
  if (std::any_of(counted.begin(), counted.end(), is_verified)) {
    std::erase_if(counted, std::not_fn(is_verified));
  }
  return counted;
}

bool HasCountedSample(const CellResult& result) {
  return std::any_of(result.samples.begin(), result.samples.end(), IsCounted);
}

bool IsUnverified(const CellResult& result) {
  bool is_counted = false;
  for (const Sample& sample : result.samples) {
    if (!IsCounted(sample)) continue;
    if (!sample.unverified) return false;
    is_counted = true;
  }
  return is_counted;
}

bool AnyVerified(std::span<const CellResult> results) {
  return std::any_of(results.begin(), results.end(), [](const CellResult& result) {
    return HasCountedSample(result) && !IsUnverified(result);
  });
}

int CountedSamples(const CellResult& result) {
  return static_cast<int>(CountedOf(result).size());
}

std::optional<double> MedianPromptEvalRate(const CellResult& result) {
  std::vector<double> rates;
  for (const Sample* sample : CountedOf(result)) {
    if (const auto rate = Describe(Metric::kPromptEvalRate).value(*sample)) rates.push_back(*rate);
  }
  return Median(std::move(rates));
}

TimeOrder TimeKey(const Sample& sample) {
  return {sample.started, sample.id};
}

TimeOrder TimeKey(const VisitRecord& visit) {
  return {visit.started, visit.id};
}

}  // namespace ollama_bench
