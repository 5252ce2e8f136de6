#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/analysis/scale_limits.h"
#include "ollama_bench/analysis/scale_report.h"
#include "ollama_bench/core/link_bandwidth.h"
#include "ollama_bench/render/json_report.h"
#include "ollama_bench/render/text_columns.h"

namespace ollama_bench {

/// What is to be said beside the series.
struct ScaleQuestions {
  std::vector<double> lengths = {};       ///< tokens: what prompts of these would take
  std::optional<DecodeCost> cost = {};    ///< of the model
  std::optional<MemoryRate> memory = {};  ///< that holds it
  std::vector<LinkBandwidth> links = {};  ///< of GPUs, as other programs measured them
};

/// A row for each length.
TextColumns PointColumns(const ScaleSeries& series);

/// The law, the breakpoint, and decode against depth, a line each.
std::string ScaleSentences(const ScaleSeries& series);

/// What several GPUs gain over fewer, a line each pair; empty where none can be compared.
std::string PlacementText(const std::vector<ScaleSeries>& series);

/// A table of the lengths for each series, then in sentences the law, the breakpoint, decode
/// against depth, the limits, advice, and what the questions ask. Empty where nothing was measured.
std::string RenderScaleText(const std::vector<ScaleSeries>& series,
                            const ScaleQuestions& questions);

/// {"event": "answer", "law", "breakpoint", "points", "decode", "limits", "advice", "predictions",
/// "placement"} of one series; of several, "series" holds these of each.
ReportJson ScaleJson(const std::vector<ScaleSeries>& series, const ScaleQuestions& questions);

}  // namespace ollama_bench
