#pragma once

#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "ollama_bench/core/cell_result.h"
#include "support/failed_visit.h"

namespace ollama_bench {

/// A counted sample of load 1 that took `wall`.
inline Sample CountedSample(std::chrono::nanoseconds wall) {
  Sample sample;
  sample.load_id = 1;
  sample.metrics.prompt_eval_count = 500;
  sample.metrics.prompt_eval = std::chrono::seconds(1);
  sample.wall = wall;
  return sample;
}

/// The one sample of an entry that the old script wrote.
inline Sample OldSample() {
  Sample sample;
  sample.metrics.printed_prompt_eval_rate = 83.34;
  return sample;
}

inline CellResult ResultOf(Cell cell, std::vector<Sample> samples,
                           std::optional<FailureKind> failure = std::nullopt) {
  CellResult result;
  result.cell = cell;
  result.samples = std::move(samples);
  if (failure) AddFailure(result, {*failure, {}, {}, 1});
  return result;
}

}  // namespace ollama_bench
