#include "ollama_bench/workload/verify.h"

#include <algorithm>
#include <cmath>

namespace ollama_bench {
namespace {

// llama.cpp rounds a context up to a multiple of 256.
constexpr std::int64_t kContextPadding = 256;

bool HasWrongContext(const Sample& sample, const Cell& cell) {
  if (!sample.effective_context || !cell.Sets(Parameter::kNumCtx)) return false;
  const std::int64_t more = *sample.effective_context - cell[Parameter::kNumCtx];
  return more < 0 || more >= kContextPadding;
}

// Where the server reports another setting than was asked for.
bool HasWrongServer(const Sample& sample, const Cell& cell) {
  return sample.effective_server && EffectiveServer(cell, *sample.effective_server) != cell;
}

// How many layers are on GPUs is not reported, but whether there are any.
bool HasWrongOffload(const Sample& sample, const Cell& cell) {
  return cell[Parameter::kNumGpu] == 0 && sample.size_vram_bytes.value_or(0) > 0;
}

bool IsClose(double printed, double computed) {
  return std::abs(printed - computed) <= 0.01 + 0.005 * computed;
}

// Versions differ in whether the printed rate counts cached tokens; both are its definition.
bool RateMatches(const RunMetrics& metrics) {
  const auto rate = PromptEvalRate(metrics);
  if (!rate || !metrics.printed_prompt_eval_rate) return true;
  RunMetrics with_cached = metrics;
  with_cached.prompt_eval_cached.reset();
  return IsClose(*metrics.printed_prompt_eval_rate, *rate) ||
         IsClose(*metrics.printed_prompt_eval_rate, PromptEvalRate(with_cached).value_or(0));
}

// The parts lie inside the whole, and the whole inside the time that passed here.
bool ClocksAgree(const Sample& sample) {
  using Seconds = std::chrono::duration<double>;
  const RunMetrics& metrics = sample.metrics;
  if (!metrics.total) return true;
  const Seconds total = *metrics.total;
  const Seconds parts = metrics.load.value_or(std::chrono::nanoseconds(0)) +
                        metrics.prompt_eval.value_or(std::chrono::nanoseconds(0));
  const auto within = [](Seconds part, Seconds whole) {
    return part <= whole * 1.02 + Seconds(0.1);
  };
  return within(parts, total) && (!sample.wall || within(total, *sample.wall));
}

}  // namespace

Cell EffectiveServer(const Cell& cell, const Cell& reported) {
  Cell effective = cell;
  for (const ParameterInfo& info : AllParameters()) {
    const bool is_known =
        info.scope == Scope::kServer && cell.Sets(info.parameter) && reported.Sets(info.parameter);
    if (is_known) effective.Set(info.parameter, reported[info.parameter]);
  }
  return effective;
}

bool IsPromptCached(const RunMetrics& metrics) {
  const std::int64_t count = metrics.prompt_eval_count.value_or(0);
  return metrics.prompt_eval_cached.value_or(0) > std::max<std::int64_t>(8, count / 20);
}

bool FitsContext(const Cell& cell, std::int64_t prompt_tokens, int num_predict) {
  const int context = cell[Parameter::kNumCtx];
  return context == kAutoValue || prompt_tokens + num_predict < context;
}

std::optional<Exclusion> VerifyRequest(const Sample& sample, const Expectation& expectation) {
  const RunMetrics& metrics = sample.metrics;
  const std::int64_t count = metrics.prompt_eval_count.value_or(0);
  if (HasWrongContext(sample, expectation.cell)) return Exclusion::kWrongContext;
  if (HasWrongServer(sample, expectation.cell)) return Exclusion::kWrongServer;
  if (HasWrongOffload(sample, expectation.cell)) return Exclusion::kWrongOffload;
  if (!FitsContext(expectation.cell, count, expectation.num_predict)) return Exclusion::kTruncated;
  if (IsPromptCached(metrics)) return Exclusion::kCached;
  if (expectation.prompt_tokens && count < *expectation.prompt_tokens - kTokenTolerance) {
    const bool fits =
        FitsContext(expectation.cell, *expectation.prompt_tokens, expectation.num_predict);
    return fits ? Exclusion::kCached : Exclusion::kTruncated;
  }
  if (!RateMatches(metrics)) return Exclusion::kRateMismatch;
  if (!ClocksAgree(sample)) return Exclusion::kClock;
  return std::nullopt;
}

}  // namespace ollama_bench
