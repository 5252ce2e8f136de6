#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "ollama_bench/core/sample.h"

namespace ollama_bench {

enum class Metric {
  kPromptEvalRate,
  kEvalRate,
  kTtft,
  kLoad,
  kTotal,
  kOutputThroughput,
  kRequestThroughput,
  kTtftP50,
  kTtftP95,
  kTpotP50,
  kE2eP50,
  kE2eP95,
  kQueueWaitP50,
  kJoulesPerToken,
  kGpuMemory,
};

/// The one table that names, measures and formats each metric of a sample.
struct MetricInfo {
  Metric metric;
  std::string_view key;    ///< on the command line and in JSON: "prompt_eval_rate"
  std::string_view label;  ///< for people: "prompt eval rate"
  std::string_view unit;   ///< "tokens/s" or "s"
  int decimals;            ///< digits behind the point in tables
  bool higher_is_better;
  std::optional<double> (*value)(const Sample& sample);  ///< in `unit`
};

std::span<const MetricInfo> AllMetrics();
const MetricInfo& Describe(Metric metric);
std::optional<Metric> MetricFromKey(std::string_view key);

/// What one sample of a cell is.
enum class WorkloadKind {
  kPrefill,   ///< one request that reads its prompt and generates next to nothing
  kGenerate,  ///< one request that generates an answer
  kLoad,      ///< a window of many requests, at one concurrency or request rate
};

struct WorkloadInfo {
  WorkloadKind kind;
  std::string_view key;  ///< in YAML, on the command line and in the store
  Metric headline;       ///< what cells are compared by unless another metric is asked for
  int num_predict;       ///< tokens to generate where no cell says how many
  std::string_view help;
};

/// Every workload once, the one that is taken by itself first.
std::span<const WorkloadInfo> AllWorkloads();
const WorkloadInfo& Describe(WorkloadKind kind);
std::optional<WorkloadKind> WorkloadFromKey(std::string_view key);

}  // namespace ollama_bench
