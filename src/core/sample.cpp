#include "ollama_bench/core/sample.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ollama_bench {
namespace {

struct RoleInfo {
  SampleRole role;
  std::string_view key;
};

constexpr std::array kRoles = {
    RoleInfo{SampleRole::kWarmUp, "warm_up"},
    RoleInfo{SampleRole::kMeasure, "measure"},
    RoleInfo{SampleRole::kConfirm, "confirm"},
    RoleInfo{SampleRole::kControl, "control"},
};

struct ExclusionInfo {
  Exclusion exclusion;
  std::string_view key;
  std::string_view sentence;
};

constexpr std::array kExclusions = {
    ExclusionInfo{Exclusion::kCached, "cached", "part of the prompt came from the prefix cache"},
    ExclusionInfo{Exclusion::kTruncated, "truncated", "the prompt was cut to fit the context"},
    ExclusionInfo{Exclusion::kSettling, "settling", "the first run differs from those after it"},
    ExclusionInfo{Exclusion::kWrongContext, "wrong_context",
                  "the server uses another num_ctx than asked for"},
    ExclusionInfo{Exclusion::kRateMismatch, "rate_mismatch",
                  "the printed rate is not count / duration"},
    ExclusionInfo{Exclusion::kClock, "clock", "the durations do not fit the time that passed"},
    ExclusionInfo{Exclusion::kShortAnswer, "short_answer",
                  "the model ended its answer after too few tokens for a rate"},
    ExclusionInfo{Exclusion::kWrongOffload, "wrong_offload",
                  "the server uses a GPU where none was asked for"},
    ExclusionInfo{Exclusion::kCutShort, "cut_short", "it was stopped before its end"},
    ExclusionInfo{Exclusion::kUntrusted, "untrusted", "the measuring program itself was too slow"},
    ExclusionInfo{Exclusion::kWrongServer, "wrong_server",
                  "the server runs with another setting than asked for"},
};

constexpr std::array kExclusionValues = {
    Exclusion::kCached,       Exclusion::kTruncated,    Exclusion::kSettling,
    Exclusion::kWrongContext, Exclusion::kRateMismatch, Exclusion::kClock,
    Exclusion::kShortAnswer,  Exclusion::kWrongOffload, Exclusion::kCutShort,
    Exclusion::kUntrusted,    Exclusion::kWrongServer};

const ExclusionInfo& InfoOf(Exclusion exclusion) {
  return *std::find_if(kExclusions.begin(), kExclusions.end(),
                       [exclusion](const auto& info) { return info.exclusion == exclusion; });
}

std::optional<double> Rate(std::optional<std::int64_t> count,
                           std::optional<std::chrono::nanoseconds> duration) {
  if (!count || !duration || *count <= 0 || duration->count() <= 0) return std::nullopt;
  return static_cast<double>(*count) / std::chrono::duration<double>(*duration).count();
}

}  // namespace

std::optional<double> PromptEvalRate(const RunMetrics& metrics) {
  std::optional<std::int64_t> evaluated = metrics.prompt_eval_count;
  if (evaluated) *evaluated -= metrics.prompt_eval_cached.value_or(0);
  return Rate(evaluated, metrics.prompt_eval);
}

std::optional<double> EvalRate(const RunMetrics& metrics) {
  std::optional<std::int64_t> steps = metrics.eval_count;
  if (steps) --*steps;
  return Rate(steps, metrics.eval);
}

std::string_view KeyOf(SampleRole role) {
  return std::find_if(kRoles.begin(), kRoles.end(),
                      [role](const RoleInfo& info) { return info.role == role; })
      ->key;
}

std::string_view KeyOf(Exclusion exclusion) {
  return InfoOf(exclusion).key;
}

std::optional<SampleRole> SampleRoleFromKey(std::string_view key) {
  for (const RoleInfo& info : kRoles) {
    if (info.key == key) return info.role;
  }
  return std::nullopt;
}

std::optional<Exclusion> ExclusionFromKey(std::string_view key) {
  for (const ExclusionInfo& info : kExclusions) {
    if (info.key == key) return info.exclusion;
  }
  return std::nullopt;
}

std::span<const Exclusion> AllExclusions() {
  return kExclusionValues;
}

std::string_view Explain(Exclusion exclusion) {
  return InfoOf(exclusion).sentence;
}

std::string Explain(const Disturbance& disturbance) {
  if (disturbance.cause == "gpu_slowed") {
    return "a GPU was slowed down by its heat or its power supply";
  }
  if (disturbance.cause == "gpu") return "another program computed on the server's GPU";
  std::string text = "other programs used ";
  text += disturbance.others_cpus ? fmt::format("{:.1f} CPUs", *disturbance.others_cpus) : "CPUs";
  return disturbance.cause == "memory" ? text + " while memory was short" : text;
}

std::optional<std::chrono::nanoseconds> UnaccountedTime(const RunMetrics& metrics) {
  if (!metrics.total) return std::nullopt;
  const std::chrono::nanoseconds none(0);
  return *metrics.total - metrics.load.value_or(none) - metrics.prompt_eval.value_or(none) -
         metrics.eval.value_or(none);
}

bool IsCounted(const Sample& sample) {
  return sample.role != SampleRole::kWarmUp && !sample.excluded && !sample.disturbed &&
         (sample.window || PromptEvalRate(sample.metrics) ||
          sample.metrics.printed_prompt_eval_rate);
}

std::optional<double> JoulesPerToken(const Sample& sample) {
  const auto energy = sample.telemetry ? EnergyJoules(*sample.telemetry) : std::nullopt;
  if (!energy) return std::nullopt;
  std::int64_t tokens = 0;
  if (sample.window) {
    tokens = sample.window->output_tokens;
  } else {
    const RunMetrics& metrics = sample.metrics;
    if (!metrics.prompt_eval_count || !metrics.eval_count) return std::nullopt;
    tokens =
        *metrics.prompt_eval_count - metrics.prompt_eval_cached.value_or(0) + *metrics.eval_count;
  }
  if (tokens <= 0) return std::nullopt;
  return *energy / static_cast<double>(tokens);
}

std::optional<double> DecodeRate(const DecodeRun& run) {
  RunMetrics metrics;
  metrics.eval_count = run.eval_count;
  metrics.eval = run.eval;
  return EvalRate(metrics);
}

}  // namespace ollama_bench
