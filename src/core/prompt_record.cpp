#include "ollama_bench/core/prompt_record.h"

#include <fmt/format.h>

#include "ollama_bench/core/sha256.h"

namespace ollama_bench {

std::string NextChain(const std::string& previous, const PromptItem& item) {
  constexpr std::size_t kDigits = 16;
  // Lengths before the texts, so that no two entries are written alike.
  std::string text = previous;
  const auto add = [&text](const std::string& part) {
    text += fmt::format("{}:{}", part.size(), part);
  };
  add(item.id);
  add(item.prompt);
  for (const ChatMessage& message : item.messages) {
    add(message.role);
    add(message.content);
  }
  return Sha256Hex(text).substr(0, kDigits);
}

std::optional<double> DecodeAverageMs(const PromptTiming& timing) {
  if (!timing.decode_total_ms || timing.generated_tokens.value_or(0) < 1) return std::nullopt;
  return *timing.decode_total_ms / static_cast<double>(*timing.generated_tokens);
}

std::optional<double> DecodeTokensPerSecond(const PromptTiming& timing) {
  const auto tokens = timing.generated_tokens.value_or(0);
  if (tokens < 2 || !(timing.decode_total_ms.value_or(0) > 0)) return std::nullopt;
  return 1000 * static_cast<double>(tokens - 1) / *timing.decode_total_ms;
}

namespace {

std::optional<double> Seconds(const std::optional<double>& milliseconds) {
  if (!milliseconds) return std::nullopt;
  return *milliseconds / 1000;
}

std::optional<double> PrefillRate(const PromptTiming& timing) {
  const auto tokens = timing.prompt_tokens.value_or(0) - timing.cached_tokens.value_or(0);
  if (tokens < 1 || !(timing.prefill_ms.value_or(0) > 0)) return std::nullopt;
  return 1000 * static_cast<double>(tokens) / *timing.prefill_ms;
}

}  // namespace

std::optional<double> ValueOf(const PromptTiming& timing, Metric metric) {
  switch (metric) {
    case Metric::kPromptEvalRate:
      return PrefillRate(timing);
    case Metric::kEvalRate:
      return DecodeTokensPerSecond(timing);
    case Metric::kTtft:
      return Seconds(timing.ttft_ms);
    case Metric::kLoad:
      return Seconds(timing.load_ms);
    case Metric::kTotal:
      return Seconds(timing.e2e_ms);
    default:  // of other things than a prompt
      return std::nullopt;
  }
}

bool MayPass(const PromptRecord& record) {
  if (!record.failure) return false;
  switch (record.failure->kind) {
    case FailureKind::kPromptTooLong:
    case FailureKind::kPromptTruncated:
    case FailureKind::kNotRecorded:
      return false;
    case FailureKind::kNoMetrics:
      // A model that repeats itself does so again with the same seed.
      return record.end != "unfinished";
    default:
      return true;
  }
}

}  // namespace ollama_bench
