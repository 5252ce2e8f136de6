#include "ollama_bench/plan/default_grid.h"

#include <algorithm>
#include <limits>

namespace ollama_bench {
namespace {

constexpr std::int64_t kUnknownContext = 8192;
constexpr std::int64_t kSmallestContext = 256;
constexpr std::int64_t kContextStep = 1024;
// Beyond these, more of the axis costs time and seldom helps a first look.
constexpr std::int64_t kLargestSweptContext = 32768;
constexpr int kLargestBatch = 1024;
// Tokens of a context that the built-in prompt leaves free, and a margin.
constexpr std::int64_t kBesidePrompt = 128;
constexpr int kSmallestBatch = 16;
constexpr std::size_t kSweepValues = 4;
constexpr std::int64_t kSearchContexts = 24;
constexpr std::int64_t kSearchBatches = 16;
// A context from which on a prompt can hold two of the largest batches.
constexpr std::int64_t kFirstSearchContext = 4096;

std::int64_t PowerOfTwoAtMost(std::int64_t limit) {
  std::int64_t power = 1;
  while (power <= limit / 2) power *= 2;
  return power;
}

std::int64_t RoundUp(std::int64_t value, std::int64_t step) {
  return (value + step - 1) / step * step;
}

// Doubling, ascending, the last of them `largest`.
std::vector<int> Doubling(std::int64_t largest, std::int64_t smallest) {
  std::vector<int> values;
  for (std::int64_t value = largest; value >= smallest && values.size() < kSweepValues;
       value /= 2) {
    values.insert(values.begin(), static_cast<int>(value));
  }
  return values;
}

std::vector<int> Even(std::int64_t first, std::int64_t step, std::int64_t last) {
  std::vector<int> values;
  for (std::int64_t value = first; value <= last; value += step) {
    values.push_back(static_cast<int>(value));
  }
  return values;
}

std::vector<int> Contexts(std::int64_t largest, GridSize size) {
  if (size == GridSize::kSweep || largest < 2 * kContextStep) {
    const std::int64_t top = PowerOfTwoAtMost(std::min(largest, kLargestSweptContext));
    return Doubling(top, std::clamp<std::int64_t>(top / 4, kSmallestContext, 2048));
  }
  const std::int64_t step =
      RoundUp((largest + kSearchContexts - 1) / kSearchContexts, kContextStep);
  const std::int64_t first = std::min(RoundUp(kFirstSearchContext, step), largest / step * step);
  return Even(first, step, largest);
}

std::vector<int> Batches(std::int64_t smallest_context, GridSize size) {
  const std::int64_t half = (smallest_context - kBesidePrompt) / 2;
  const std::int64_t largest =
      PowerOfTwoAtMost(std::clamp<std::int64_t>(half, kSmallestBatch, kLargestBatch));
  if (size == GridSize::kSweep || largest < kSearchBatches * kSmallestBatch) {
    return Doubling(largest, kSmallestBatch);
  }
  const std::int64_t step = largest / kSearchBatches;
  return Even(step, step, largest);
}

}  // namespace

std::int64_t LargestSensibleContext(const GridFacts& facts) {
  std::int64_t largest = facts.trained_context.value_or(kUnknownContext);
  if (facts.free_bytes && facts.kv_bytes_per_token && *facts.kv_bytes_per_token > 0) {
    const std::int64_t weights = facts.weights_bytes.value_or(0);
    const std::int64_t left = std::max<std::int64_t>(0, *facts.free_bytes - weights - weights / 10);
    largest = std::min(largest, left / *facts.kv_bytes_per_token);
  }
  return std::clamp<std::int64_t>(largest, kSmallestContext, std::numeric_limits<int>::max() / 2);
}

Space CompleteSpace(Space given, const GridFacts& facts, GridSize size) {
  const bool sweeps_other = std::any_of(given.axes.begin(), given.axes.end(), [](const Axis& axis) {
    return axis.values.size() > 1 && axis.parameter != Parameter::kNumCtx &&
           axis.parameter != Parameter::kNumBatch;
  });
  if (sweeps_other) return given;
  if (given.Find(Parameter::kNumCtx) == nullptr) {
    given.Set(Parameter::kNumCtx, Contexts(LargestSensibleContext(facts), size));
  }
  if (given.Find(Parameter::kNumBatch) == nullptr) {
    const auto& contexts = given.ValuesOf(Parameter::kNumCtx);
    given.Set(Parameter::kNumBatch,
              Batches(*std::min_element(contexts.begin(), contexts.end()), size));
  }
  return given;
}

}  // namespace ollama_bench
