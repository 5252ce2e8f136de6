#pragma once

#include <string>
#include <string_view>

#include "ollama_bench/analysis/comparison.h"
#include "ollama_bench/core/metric.h"
#include "ollama_bench/render/comparison_text.h"

namespace ollama_bench {

/// "faster" or "slower", of a change that is not 0.
std::string_view Direction(const Change& change, Metric metric);

/// "[-3.2, -2.5]" in per cent, at this level.
std::string IntervalText(const Change& change, double level);

/// "Overall, b.json is 2.9 % slower than a.json (99 % CI [-3.2, -2.5])."
std::string OverallText(const Change& overall, double level, Metric metric,
                        const ComparisonCaption& caption);

}  // namespace ollama_bench
