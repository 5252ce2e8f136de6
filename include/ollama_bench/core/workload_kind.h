#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "ollama_bench/core/metric.h"

namespace ollama_bench {

/// What one sample of a cell is.
enum class WorkloadKind {
  kPrefill,   ///< one request that reads its prompt and generates next to nothing
  kGenerate,  ///< one request that generates an answer
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
