#pragma once

#include <string>

#include "ollama_bench/core/prompt_record.h"

namespace ollama_bench {

/// An answered prompt, the `index`-th of `count`, that took `e2e_ms` in all.
inline PromptRecord AnsweredPrompt(std::int64_t index, std::int64_t count, double e2e_ms = 100) {
  PromptRecord record;
  record.item = {"p" + std::to_string(index), false, "Why " + std::to_string(index) + "?", {}};
  record.response = "Because.";
  record.config = {"smollm2:latest", "sha256:abc", "0.11.4", "/api/generate", 16, 1};
  record.timing.prefill_ms = 20;
  record.timing.decode_total_ms = 60;
  record.timing.queue_ms = 5;
  record.timing.load_ms = 10;
  record.timing.prompt_tokens = 12;
  record.timing.generated_tokens = 4;
  record.timing.ttft_ms = 40;
  record.timing.tpot_ms = (e2e_ms - 40) / 3;
  record.timing.e2e_ms = e2e_ms;
  record.step_ms = {10.5, 20, 0.25};
  std::string chain;
  for (std::int64_t i = 0; i <= index; ++i) {
    chain = NextChain(chain, {"p" + std::to_string(i), false, "Why " + std::to_string(i) + "?"});
  }
  record.place = {index, count, chain};
  record.started_unix_s = 1'800'000'000.25 + static_cast<double>(index);
  record.lasted_ms = e2e_ms;
  record.end = "done";
  record.done_reason = "length";
  return record;
}

/// One that failed instead.
inline PromptRecord FailedPrompt(std::int64_t index, std::int64_t count, FailureKind kind,
                                 const std::string& end) {
  PromptRecord record = AnsweredPrompt(index, count);
  record.timing = {};
  record.step_ms.clear();
  record.end = end;
  record.done_reason.clear();
  record.failure = Failure{kind, "failed", {}, 1};
  return record;
}

}  // namespace ollama_bench
