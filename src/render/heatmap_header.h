#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/analysis/sweep_answer.h"
#include "ollama_bench/render/heatmap_scene.h"
#include "scene_builder.h"

namespace ollama_bench {

/// The lines above the plot: the model, where the numbers come from, the answer.
struct HeatmapHeader {
  std::string title;
  std::vector<std::string> details;
  std::vector<std::string> answer;
  std::vector<std::string> badges;  ///< warnings that nobody may overlook
};

/// Wraps the header to `width`.
HeatmapHeader PlanHeader(const ResultTable& table, const SweepCaption& caption,
                         const std::optional<SweepAnswer>& answer, const Font& font, double width);
double HeaderHeight(const HeatmapHeader& header);
/// `place` is as wide as planned and as high as HeaderHeight says.
void DrawHeader(SceneBuilder& scene, const HeatmapHeader& header, const Box& place);

}  // namespace ollama_bench
