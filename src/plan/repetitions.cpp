#include "ollama_bench/plan/repetitions.h"

#include <vector>

namespace ollama_bench {
namespace {

constexpr std::chrono::seconds kLongRun{10};

bool IsOldEntry(const Sample& sample) {
  return sample.load_id == 0 && !sample.wall && !sample.metrics.total &&
         !PromptEvalRate(sample.metrics) && sample.metrics.printed_prompt_eval_rate;
}

}  // namespace

int WantedRepetitions(std::optional<int> configured, std::chrono::nanoseconds first_counted_run) {
  if (configured) return *configured;
  return first_counted_run >= kLongRun ? 1 : kRepetitionsOfShortRun;
}

bool HasWantedSamples(const CellResult& result, std::optional<int> configured) {
  const std::vector<const Sample*> counted = CountedOf(result);
  if (counted.empty()) return false;
  const Sample& first = *counted.front();
  if (!configured && IsOldEntry(first)) return true;
  const auto run = first.wall ? first.wall : first.metrics.total;
  return static_cast<int>(counted.size()) >=
         WantedRepetitions(configured, run.value_or(std::chrono::nanoseconds(0)));
}

}  // namespace ollama_bench
