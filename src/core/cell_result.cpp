#include "ollama_bench/core/cell_result.h"

#include <algorithm>
#include <utility>

#include "ollama_bench/core/median.h"
#include "ollama_bench/core/metric.h"

namespace ollama_bench {

int CountedSamples(const CellResult& result) {
  return static_cast<int>(std::count_if(result.samples.begin(), result.samples.end(), IsCounted));
}

bool EndedDisturbed(const CellResult& result) {
  if (result.failure || result.samples.empty()) return false;
  const Sample& last = result.samples.back();
  if (!last.disturbed) return false;
  return std::none_of(result.samples.begin(), result.samples.end(), [&](const Sample& sample) {
    return sample.load_id == last.load_id && IsCounted(sample);
  });
}

std::optional<double> MedianPromptEvalRate(const CellResult& result) {
  std::vector<double> rates;
  for (const Sample& sample : result.samples) {
    if (!IsCounted(sample)) continue;
    if (const auto rate = Describe(Metric::kPromptEvalRate).value(sample)) rates.push_back(*rate);
  }
  return Median(std::move(rates));
}

}  // namespace ollama_bench
