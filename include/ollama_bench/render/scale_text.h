#pragma once

#include <string>
#include <vector>

#include "ollama_bench/analysis/scale_report.h"
#include "ollama_bench/render/json_report.h"

namespace ollama_bench {

/// A table of the lengths for each series, then in sentences the law, the breakpoint, decode
/// against depth, and what `lengths` (tokens) would take. Empty where nothing was measured.
std::string RenderScaleText(const std::vector<ScaleSeries>& series,
                            const std::vector<double>& lengths);

/// {"event": "answer", "law", "breakpoint", "points", "decode", "predictions", "placement"} of one
/// series; of several, "series" holds these of each.
ReportJson ScaleJson(const std::vector<ScaleSeries>& series, const std::vector<double>& lengths);

}  // namespace ollama_bench
