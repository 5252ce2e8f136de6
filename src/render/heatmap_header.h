#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/analysis/best_cell.h"
#include "ollama_bench/render/heatmap_scene.h"
#include "ollama_bench/render/number_format.h"
#include "scene_builder.h"

namespace ollama_bench {

/// The lines above the plot: the model, where the numbers come from, the best cell.
struct HeatmapHeader {
  std::string title;
  std::vector<std::string> details;
  std::string best;
  std::vector<std::string> badges;  ///< warnings that nobody may overlook
};

/// Wraps the header to `width`.
HeatmapHeader PlanHeader(const ResultTable& table, const SweepCaption& caption,
                         const std::optional<BestCell>& best, const NumberFormat& format,
                         const Font& font, double width);
double HeaderHeight(const HeatmapHeader& header);
/// `place` is as wide as planned and as high as HeaderHeight says.
void DrawHeader(SceneBuilder& scene, const HeatmapHeader& header, const Box& place);

}  // namespace ollama_bench
