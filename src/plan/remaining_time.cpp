#include "ollama_bench/plan/remaining_time.h"

#include <algorithm>

namespace ollama_bench {
namespace {

using std::chrono::nanoseconds;

bool BelongsToTheSweep(const Sample& sample) {
  return sample.role == SampleRole::kWarmUp || sample.role == SampleRole::kMeasure;
}

}  // namespace

std::vector<nanoseconds> CellTimes(std::span<const CellResult> results) {
  std::vector<nanoseconds> times;
  for (const CellResult& result : results) {
    nanoseconds time{0};
    for (const Sample& sample : result.samples) {
      if (!BelongsToTheSweep(sample)) continue;
      time += sample.wall.value_or(nanoseconds(0)) + sample.create.value_or(nanoseconds(0));
    }
    if (time.count() > 0) times.push_back(time);
  }
  return times;
}

std::optional<std::chrono::duration<double>> RemainingTime(std::span<const nanoseconds> cell_times,
                                                           std::size_t cells_left) {
  if (cell_times.empty()) return std::nullopt;
  std::vector<std::chrono::duration<double>> sorted(cell_times.begin(), cell_times.end());
  std::sort(sorted.begin(), sorted.end());
  const std::size_t half = sorted.size() / 2;
  const auto median = sorted.size() % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  return median * static_cast<double>(cells_left);
}

}  // namespace ollama_bench
