#pragma once

#include <string>
#include <vector>

#include "ollama_bench/analysis/sweep_map.h"
#include "ollama_bench/render/sweep_caption.h"
#include "scene_builder.h"

namespace ollama_bench {

/// The lines above the plot: the answer, of what, where the numbers come from.
struct HeatmapHeader {
  std::vector<std::string> title;
  std::vector<std::string> details;
  std::vector<std::string> badges;  ///< warnings that must not be overlooked
};

/// Wraps the header to `width`.
HeatmapHeader PlanHeader(const SweepMap& map, const SweepCaption& caption, const Font& font,
                         double width);
double HeaderHeight(const HeatmapHeader& header);
/// `place` is as wide as planned and as high as HeaderHeight says.
void DrawHeader(SceneBuilder& scene, const HeatmapHeader& header, const Box& place);

}  // namespace ollama_bench
