#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "ollama_bench/core/sample.h"

namespace ollama_bench {

enum class Metric { kPromptEvalRate, kEvalRate, kTtft, kLoad, kTotal };

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

}  // namespace ollama_bench
