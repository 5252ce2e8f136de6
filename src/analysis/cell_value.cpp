#include "ollama_bench/analysis/cell_value.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "ollama_bench/core/median.h"

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

std::vector<double> LoadTimes(const CellResult& result) {
  std::vector<double> times;
  std::map<std::int64_t, double> longest;
  for (const Sample& sample : result.samples) {
    if (sample.excluded == Exclusion::kClock) continue;
    const auto value = FiniteValue(sample, Metric::kLoad);
    if (!value) continue;
    if (sample.load_id == 0) {
      // Nobody knows which runs shared an unknown load.
      times.push_back(*value);
    } else {
      const auto [entry, is_new] = longest.emplace(sample.load_id, *value);
      if (!is_new) entry->second = std::max(entry->second, *value);
    }
  }
  for (const auto& [load_id, time] : longest) times.push_back(time);
  return times;
}

std::optional<double> CellValue(const CellResult& result, Metric metric) {
  return Median(metric == Metric::kLoad ? LoadTimes(result)
                                        : ValuesOfCountedSamples(result, metric));
}

}  // namespace ollama_bench
