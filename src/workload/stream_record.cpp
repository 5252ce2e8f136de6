#include "ollama_bench/workload/stream_record.h"

namespace ollama_bench {

std::string_view KeyOf(StreamEnd end) {
  switch (end) {
    case StreamEnd::kDone:
      return "done";
    case StreamEnd::kUnfinished:
      return "unfinished";
    case StreamEnd::kErrorLine:
      return "error_line";
    case StreamEnd::kRefused:
      return "refused";
    case StreamEnd::kBroken:
      return "broken";
    case StreamEnd::kUnreachable:
      return "unreachable";
    case StreamEnd::kTimedOut:
      return "timed_out";
    case StreamEnd::kCancelled:
      break;
  }
  return "cancelled";
}

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
