#pragma once

#include <string>
#include <vector>

#include "ollama_bench/analysis/prompt_summary.h"
#include "ollama_bench/render/font.h"
#include "ollama_bench/render/scene.h"

namespace ollama_bench {

/// What a picture of distributions says above them.
struct DistributionCaption {
  std::string title;
  std::vector<std::string> details;
  std::string noun = "prompts";  ///< what there is one value of each
  bool has_histogram = true;     ///< this, the ECDF or both
  bool has_ecdf = true;
  /// Of each figure, where all are of one kind: then they are drawn on one scale.
  std::vector<std::string> names = {};
};

/// For each figure, at least one, a column: its histogram, and below it on the same scale the share
/// of values that do not exceed each value (ECDF), with its percentiles and their 95 % CI; or one
/// of both alone.
Scene LayOutDistributions(const std::vector<Distribution>& figures,
                          const DistributionCaption& caption, const Font& font);

}  // namespace ollama_bench
