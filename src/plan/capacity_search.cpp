#include "ollama_bench/plan/capacity_search.h"

#include <algorithm>
#include <utility>

namespace ollama_bench {

CapacitySearch::CapacitySearch(Cell base, int windows, int most_users, Meets meets,
                               const std::vector<CellResult>& known)
    : base_(base), windows_(windows), most_(most_users), meets_(std::move(meets)) {
  for (const CellResult& result : known) {
    const int users = result.cell[Parameter::kConcurrency];
    if (result.cell == base_.With(Parameter::kConcurrency, users)) CapacitySearch::Report(result);
  }
}

// Whether it meets what is wanted takes reading all its requests, so it is asked once.
void CapacitySearch::Report(const CellResult& result) {
  Level& level = levels_[result.cell[Parameter::kConcurrency]];
  level.windows = CountedSamples(result);
  const bool is_failed = StatusOf(result) == CellStatus::kFailed;
  if (is_failed || level.windows >= windows_) level.is_met = !is_failed && meets_(result);
}

// 0 where nothing is left to be asked.
int CapacitySearch::NextLevel() const {
  int met = 0;
  int missed = most_ + 1;
  while (missed - met > 1) {
    // Doubled from 1 as long as none missed.
    const int level = missed > most_ ? std::min(std::max(1, 2 * met), most_) : (met + missed) / 2;
    const auto found = levels_.find(level);
    if (found == levels_.end() || !found->second.is_met) return level;
    (*found->second.is_met ? met : missed) = level;
  }
  return 0;
}

std::optional<Visit> CapacitySearch::Next() {
  const int level = NextLevel();
  if (level == 0) return std::nullopt;
  return Visit{base_.With(Parameter::kConcurrency, level), SampleRole::kMeasure, 1, false};
}

std::size_t CapacitySearch::Remaining() const {
  const int level = NextLevel();
  if (level == 0) return 0;
  const auto found = levels_.find(level);
  const int taken = found == levels_.end() ? 0 : found->second.windows;
  return static_cast<std::size_t>(std::max(1, windows_ - taken));
}

}  // namespace ollama_bench
