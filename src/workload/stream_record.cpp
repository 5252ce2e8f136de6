#include "ollama_bench/workload/stream_record.h"

#include <array>

namespace ollama_bench {

std::string_view KeyOf(StreamEnd end) {
  constexpr std::array<std::string_view, 8> kKeys = {"done",      "unfinished", "error_line",
                                                     "refused",   "broken",     "unreachable",
                                                     "timed_out", "cancelled"};
  return kKeys[static_cast<std::size_t>(end)];
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
