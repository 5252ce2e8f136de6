#include "ollama_bench/plan/default_grid.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace ollama_bench {
namespace {

constexpr std::int64_t kUnknownContext = 8192;
constexpr std::int64_t kSmallestContext = 256;
// Ollama's own default, and what people use where memory allows no more.
constexpr std::int64_t kLeastLargest = 4096;
constexpr std::int64_t kUsualLargest = 8192;
// Below it the model is not wholly on the GPUs in any use.
constexpr std::int64_t kLeastOnGpu = 2048;
constexpr std::int64_t kContextStep = 1024;
// Beyond these, more of the axis costs time and seldom helps a first look.
constexpr std::int64_t kLargestSweptContext = 32768;
constexpr int kLargestBatch = 1024;
// Tokens of a context that the built-in prompt leaves free, and a margin.
constexpr std::int64_t kBesidePrompt = 128;
constexpr int kSmallestBatch = 16;
// Batches below it are slow on most machines.
constexpr int kFewBatch = 128;
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
  // Small models, too, have several contexts to choose from.
  const std::int64_t half = std::max(step, largest / 2 / step * step);
  const std::int64_t first = std::min(RoundUp(kFirstSearchContext, step), half);
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

FittingContexts ContextsThatFit(const GridFacts& facts) {
  FittingContexts fitting;
  if (!facts.kv_bytes_per_token || *facts.kv_bytes_per_token <= 0) return fitting;
  const std::int64_t weights = facts.weights_bytes.value_or(0);
  const auto tokens = [&](std::int64_t bytes) {
    return std::max<std::int64_t>(0, bytes - weights - weights / 10) / *facts.kv_bytes_per_token;
  };
  if (facts.gpu_bytes) fitting.on_gpu = tokens(*facts.gpu_bytes);
  if (facts.gpu_bytes || facts.ram_bytes) {
    fitting.in_all = tokens(facts.gpu_bytes.value_or(0) + facts.ram_bytes.value_or(0));
  }
  return fitting;
}

std::int64_t LargestSensibleContext(const GridFacts& facts) {
  const FittingContexts fitting = ContextsThatFit(facts);
  std::int64_t largest = facts.trained_context.value_or(kUnknownContext);
  if (fitting.in_all) {
    std::int64_t fits = *fitting.in_all;
    if (fitting.on_gpu && *fitting.on_gpu >= kLeastOnGpu) {
      fits = std::max(*fitting.on_gpu, std::min(fits, kUsualLargest));
    }
    largest = std::min(largest, std::max(fits, kLeastLargest));
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

Space CompleteLengths(Space given, const GridFacts& facts, int num_predict) {
  constexpr int kShortest = 64;
  constexpr int kLongest = 4096;
  constexpr int kStep = 256;
  const std::int64_t largest = LargestSensibleContext(facts);
  if (given.Find(Parameter::kPromptTokens) == nullptr) {
    const std::vector<int>& contexts = given.ValuesOf(Parameter::kNumCtx);
    const std::int64_t context =
        contexts.empty() ? largest : *std::min_element(contexts.begin(), contexts.end());
    std::vector<int> lengths;
    for (int length = kShortest; length <= kLongest && length + num_predict < context;
         length *= 2) {
      lengths.push_back(length);
    }
    given.Set(Parameter::kPromptTokens, std::move(lengths));
  }
  const std::vector<int>& lengths = given.ValuesOf(Parameter::kPromptTokens);
  if (given.Find(Parameter::kNumCtx) != nullptr || lengths.empty()) return given;
  const int needed = *std::max_element(lengths.begin(), lengths.end()) + num_predict + 1;
  std::int64_t context = (needed + kStep - 1) / kStep * kStep;
  if (facts.trained_context) context = std::min(context, *facts.trained_context);
  given.Set(Parameter::kNumCtx, {static_cast<int>(context)});
  return given;
}

namespace {

std::string Gigabytes(std::int64_t bytes) {
  return fmt::format("{:.1f} GB", static_cast<double>(bytes) / 1e9);
}

// Of the contexts that were chosen, where memory bounds them.
std::string ContextNote(std::int64_t largest, const GridFacts& facts) {
  const FittingContexts fitting = ContextsThatFit(facts);
  if (!fitting.in_all) return {};
  const std::string weights = Gigabytes(facts.weights_bytes.value_or(0));
  if (*fitting.in_all < largest) {
    return fmt::format(
        "num_ctx up to {} was chosen, though memory for the context of {} tokens is left beside "
        "weights of {} ({} free): larger ones may fail or be slow; name others with --ctx",
        largest, *fitting.in_all, weights,
        Gigabytes(facts.gpu_bytes.value_or(0) + facts.ram_bytes.value_or(0)));
  }
  if (fitting.on_gpu && *fitting.on_gpu < largest) {
    return fmt::format(
        "num_ctx up to {} was chosen, of which {} tokens fit on the GPU beside weights of {} ({} "
        "free): with more, Ollama leaves layers to the CPU; name others with --ctx",
        largest, *fitting.on_gpu, weights, Gigabytes(*facts.gpu_bytes));
  }
  return {};
}

}  // namespace

std::vector<std::string> GridNotes(const Space& given, const Space& chosen,
                                   const GridFacts& facts) {
  std::vector<std::string> notes;
  const auto is_new = [&](Parameter parameter) {
    return given.Find(parameter) == nullptr && chosen.Find(parameter) != nullptr;
  };
  const std::vector<int>& contexts = chosen.ValuesOf(Parameter::kNumCtx);
  if (is_new(Parameter::kNumCtx)) {
    std::string note = ContextNote(contexts.back(), facts);
    if (!note.empty()) notes.push_back(std::move(note));
  }
  if (!is_new(Parameter::kNumBatch)) return notes;
  const int largest = chosen.ValuesOf(Parameter::kNumBatch).back();
  const int smallest = *std::min_element(contexts.begin(), contexts.end());
  if (largest < kFewBatch) {
    notes.push_back(fmt::format(
        "num_batch up to {} was chosen, for the prompt of all cells must fit num_ctx {} and hold "
        "two batches; name others with --batch, or leave small contexts out",
        largest, smallest));
  }
  return notes;
}

}  // namespace ollama_bench
