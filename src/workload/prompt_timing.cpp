#include "ollama_bench/workload/prompt_timing.h"

#include <algorithm>
#include <chrono>
#include <optional>

namespace ollama_bench {
namespace {

using Time = StreamRecord::Time;
using Milliseconds = std::chrono::duration<double, std::milli>;

std::optional<double> Ms(const std::optional<std::chrono::nanoseconds>& duration) {
  if (!duration) return std::nullopt;
  return Milliseconds(*duration).count();
}

std::optional<double> Since(const std::optional<Time>& sent, const std::optional<Time>& then) {
  if (!sent || !then) return std::nullopt;
  return Milliseconds(*then - *sent).count();
}

std::optional<double> QueueMs(const RunMetrics& metrics) {
  const auto rest = UnaccountedTime(metrics);
  if (!rest) return std::nullopt;
  return Ms(std::max(*rest, std::chrono::nanoseconds(0)));
}

}  // namespace

PromptTiming TimingOf(const StreamRecord& record) {
  PromptTiming timing;
  timing.prefill_ms = Ms(record.metrics.prompt_eval);
  timing.decode_total_ms = Ms(record.metrics.eval);
  timing.queue_ms = QueueMs(record.metrics);
  timing.load_ms = Ms(record.metrics.load);
  timing.prompt_tokens = record.metrics.prompt_eval_count;
  timing.generated_tokens = record.metrics.eval_count;
  timing.cached_tokens = record.metrics.prompt_eval_cached;
  timing.ttfr_ms = Since(record.sent, record.first_byte);
  timing.ttft_ms = Since(record.sent, record.first_text);
  timing.ttfo_ms = Since(record.sent, record.first_answer);
  timing.tpot_ms = Ms(TimePerOutputToken(record));
  timing.e2e_ms = Since(record.sent, record.done);
  return timing;
}

std::vector<double> StepTimes(const StreamRecord& record) {
  std::vector<double> steps;
  std::optional<Time> before;
  for (const StreamChunk& chunk : record.chunks) {
    if (chunk.kind == ChunkKind::kEmpty) continue;
    if (before) steps.push_back(Milliseconds(chunk.arrived - *before).count());
    before = chunk.arrived;
  }
  if (before && record.done) steps.push_back(Milliseconds(*record.done - *before).count());
  return steps;
}

}  // namespace ollama_bench
