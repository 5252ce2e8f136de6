#include "ollama_bench/workload/stream_record.h"

namespace ollama_bench {

std::optional<std::chrono::nanoseconds> TimeToFirstToken(const StreamRecord& record) {
  if (!record.sent || !record.first_text) return std::nullopt;
  return *record.first_text - *record.sent;
}

std::optional<std::chrono::nanoseconds> TimePerOutputToken(const StreamRecord& record) {
  const auto tokens = record.metrics.eval_count;
  if (!record.done || !record.first_text || !tokens || *tokens < 2) return std::nullopt;
  return (*record.done - *record.first_text) / (*tokens - 1);
}

}  // namespace ollama_bench
