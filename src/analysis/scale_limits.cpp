#include "ollama_bench/analysis/scale_limits.h"

#include <fmt/format.h>

#include <algorithm>

#include "ollama_bench/core/text.h"

namespace ollama_bench {
namespace {

constexpr double kGiga = 1e9;
constexpr double kWhole = 0.995;
constexpr double kBound = 0.6;     // of the bandwidth: memory limits decode
constexpr double kUnbound = 0.35;  // below it something else does
constexpr double kLong = 0.25;     // of the time, by the quadratic term

bool LiesThere(const ScalePoint& point, bool on_gpu) {
  const double share = point.serving.gpu_share.value_or(0);
  return on_gpu ? share >= kWhole : share <= 0;
}

std::string LongPromptAdvice(const ScalingLaw& law) {
  const auto whole = law.At(law.longest());
  const double quadratic = law.terms()[2].estimate * law.longest() * law.longest();
  const double share = quadratic / whole->seconds.estimate;
  if (law.terms()[2].low <= 0 || share < kLong) return {};
  const auto half = law.At(law.longest() / 2);
  if (!half) return {};
  return fmt::format(
      "Long prompts: at {:.0f} tokens {:.0f} % of the time grows with the square of the length; "
      "two "
      "prompts of half of it take {:.0f} % of the time of one.",
      law.longest(), 100 * share, 100 * 2 * half->seconds.estimate / whole->seconds.estimate);
}

std::string MemoryAdvice(const ScaleSeries& series, const DecodeCost& cost) {
  if (!cost.kv_bytes_per_token) return {};
  const bool is_short =
      std::any_of(series.points.begin(), series.points.end(), [](const ScalePoint& point) {
        const double share = point.serving.gpu_share.value_or(0);
        return share > 0 && share < kWhole;
      });
  const auto per_thousand = static_cast<std::int64_t>(1000 * *cost.kv_bytes_per_token);
  if (!is_short) return {};
  return fmt::format(
      "Short of memory: a part of the model is on the CPU. 1,000 tokens of context take {}; a "
      "cache of q8_0 (--kv-cache-type) takes 53 % of that.",
      FormatBytes(per_thousand));
}

std::string DecodeAdvice(const DecodeLimit& limit) {
  if (limit.utilisation >= kBound) {
    return fmt::format(
        "Small batches: decode reads {} a token and is limited by memory; fewer bytes (a smaller "
        "or more quantised model) make it faster in proportion, several requests at a time share "
        "the reading (`load`).",
        FormatBytes(static_cast<std::int64_t>(limit.bytes_per_token)));
  }
  if (limit.utilisation < kUnbound) {
    return fmt::format(
        "Decode uses {:.0f} % of the memory bandwidth: computing or overhead limits it, so that "
        "threads, flash attention and the release are worth trying (`run --workload generate`).",
        100 * limit.utilisation);
  }
  return {};
}

}  // namespace

std::optional<ScaleLimits> LimitsOf(const ScaleSeries& series, const DecodeCost& cost,
                                    const MemoryRate& memory, double cache_share) {
  ScaleLimits limits{cost, memory, {}, {}};
  double fastest = 0;
  for (const ScalePoint& point : series.points) {
    if (!LiesThere(point, memory.of_gpu)) return std::nullopt;
    if (point.prefill_rate) fastest = std::max(fastest, point.prefill_rate->estimate);
    // Windows decode several requests at a time, which share the weights.
    if (!point.decode_rate || point.throughput) continue;
    DecodeLimit limit;
    limit.tokens = point.tokens;
    limit.decode_rate = point.decode_rate->estimate;
    limit.bytes_per_token = static_cast<double>(cost.weight_bytes) +
                            cache_share * cost.kv_bytes_per_token.value_or(0) * point.tokens;
    limit.utilisation = limit.bytes_per_token * limit.decode_rate / (memory.gb_per_s * kGiga);
    limits.decode.push_back(limit);
  }
  if (limits.decode.empty()) return std::nullopt;
  if (fastest > 0) {
    limits.prefill_operations_per_s = 2 * static_cast<double>(cost.active_parameters) * fastest;
  }
  return limits;
}

std::vector<std::string> AdviceOf(const ScaleSeries& series, const std::optional<DecodeCost>& cost,
                                  const std::optional<ScaleLimits>& limits) {
  std::vector<std::string> advice;
  if (limits) advice.push_back(DecodeAdvice(limits->decode.front()));
  if (cost) advice.push_back(MemoryAdvice(series, *cost));
  if (series.prefill) advice.push_back(LongPromptAdvice(*series.prefill));
  std::erase_if(advice, [](const std::string& sentence) { return sentence.empty(); });
  return advice;
}

}  // namespace ollama_bench
