#include "ollama_bench/core/metric.h"

#include <algorithm>
#include <array>

namespace ollama_bench {
namespace {

std::optional<double> Seconds(std::optional<std::chrono::nanoseconds> duration) {
  if (!duration) return std::nullopt;
  return std::chrono::duration<double>(*duration).count();
}

// An old entry knows nothing but the rounded rate that Ollama printed.
std::optional<double> PromptEvalRateOf(const Sample& sample) {
  const auto rate = PromptEvalRate(sample.metrics);
  return rate ? rate : sample.metrics.printed_prompt_eval_rate;
}

// Never the printed rate, which counts a token too many.
std::optional<double> EvalRateOf(const Sample& sample) {
  return EvalRate(sample.metrics);
}

constexpr std::array kMetrics = {
    MetricInfo{Metric::kPromptEvalRate, "prompt_eval_rate", "prompt eval rate", "tokens/s", 2, true,
               PromptEvalRateOf},
    MetricInfo{Metric::kEvalRate, "eval_rate", "eval rate", "tokens/s", 2, true, EvalRateOf},
    MetricInfo{Metric::kTtft, "ttft", "time to first token", "s", 3, false,
               [](const Sample& sample) { return Seconds(sample.first_token); }},
    MetricInfo{Metric::kLoad, "load", "load time", "s", 2, false,
               [](const Sample& sample) { return Seconds(sample.metrics.load); }},
    MetricInfo{Metric::kTotal, "total", "total time", "s", 2, false,
               [](const Sample& sample) { return Seconds(sample.metrics.total); }},
};

}  // namespace

std::span<const MetricInfo> AllMetrics() {
  return kMetrics;
}

const MetricInfo& Describe(Metric metric) {
  return *std::find_if(kMetrics.begin(), kMetrics.end(),
                       [metric](const MetricInfo& info) { return info.metric == metric; });
}

std::optional<Metric> MetricFromKey(std::string_view key) {
  for (const MetricInfo& info : kMetrics) {
    if (info.key == key) return info.metric;
  }
  return std::nullopt;
}

namespace {

constexpr std::array kWorkloads = {
    WorkloadInfo{WorkloadKind::kPrefill, "prefill", Metric::kPromptEvalRate, 2,
                 "how fast a prompt is read"},
    WorkloadInfo{WorkloadKind::kGenerate, "generate", Metric::kEvalRate, 128,
                 "how fast an answer is generated"},
};

}  // namespace

std::span<const WorkloadInfo> AllWorkloads() {
  return kWorkloads;
}

const WorkloadInfo& Describe(WorkloadKind kind) {
  return kWorkloads[static_cast<std::size_t>(kind)];
}

std::optional<WorkloadKind> WorkloadFromKey(std::string_view key) {
  const auto found = std::find_if(kWorkloads.begin(), kWorkloads.end(),
                                  [key](const WorkloadInfo& info) { return info.key == key; });
  if (found == kWorkloads.end()) return std::nullopt;
  return found->kind;
}

}  // namespace ollama_bench
