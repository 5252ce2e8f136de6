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

template <auto Member>
std::optional<double> SecondsOfWindow(const Sample& sample) {
  if (!sample.window) return std::nullopt;
  return Seconds((*sample.window).*Member);
}

template <auto Function>
std::optional<double> OfWindow(const Sample& sample) {
  return sample.window ? Function(*sample.window) : std::nullopt;
}

// A counter that does not move shows nothing.
std::optional<double> JoulesPerTokenOf(const Sample& sample) {
  const auto joules = JoulesPerToken(sample);
  return joules && *joules > 0 ? joules : std::nullopt;
}

// Of all GPUs; empty unless each reports it.
std::optional<double> GpuMemoryOf(const Sample& sample) {
  if (!sample.telemetry || sample.telemetry->gpus.empty()) return std::nullopt;
  double sum = 0;
  for (const GpuTelemetry& gpu : sample.telemetry->gpus) {
    if (!gpu.memory_bytes_max) return std::nullopt;
    sum += static_cast<double>(*gpu.memory_bytes_max);
  }
  return sum > 0 ? std::optional(sum / 1e9) : std::nullopt;
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
    MetricInfo{Metric::kOutputThroughput, "output_tokens_per_s", "output throughput", "tokens/s", 1,
               true, OfWindow<OutputThroughput>},
    MetricInfo{Metric::kRequestThroughput, "requests_per_s", "request throughput", "requests/s", 3,
               true, OfWindow<RequestThroughput>},
    MetricInfo{Metric::kTtftP50, "ttft_p50", "median time to first token", "s", 3, false,
               SecondsOfWindow<&Window::ttft_p50>},
    MetricInfo{Metric::kTtftP95, "ttft_p95", "95th percentile of time to first token", "s", 3,
               false, SecondsOfWindow<&Window::ttft_p95>},
    MetricInfo{Metric::kTpotP50, "tpot_p50", "median time per output token", "s", 4, false,
               SecondsOfWindow<&Window::tpot_p50>},
    MetricInfo{Metric::kE2eP50, "e2e_p50", "median end-to-end latency", "s", 2, false,
               SecondsOfWindow<&Window::e2e_p50>},
    MetricInfo{Metric::kE2eP95, "e2e_p95", "95th percentile of end-to-end latency", "s", 2, false,
               SecondsOfWindow<&Window::e2e_p95>},
    MetricInfo{Metric::kQueueWaitP50, "queue_wait_p50", "median queue wait", "s", 3, false,
               SecondsOfWindow<&Window::queue_p50>},
    MetricInfo{Metric::kJoulesPerToken, "joules_per_token", "energy per token", "J/token", 3, false,
               JoulesPerTokenOf},
    MetricInfo{Metric::kGpuMemory, "gpu_memory", "GPU memory", "GB", 2, false, GpuMemoryOf},
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
    WorkloadInfo{WorkloadKind::kLoad, "load", Metric::kOutputThroughput, 64,
                 "how many users are served, and how well"},
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
