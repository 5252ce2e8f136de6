#pragma once

#include <functional>
#include <string>
#include <vector>

#include "heatmap_cell.h"
#include "scene_builder.h"

namespace ollama_bench {

/// One thing that the picture holds.
struct LegendEntry {
  std::function<void(SceneBuilder&, const Box&)> draw;  ///< an example
  std::string text;
  Box place;
};

/// What there is to explain of `map`, wrapped to the width from `top_left` on, and nothing else.
std::vector<LegendEntry> PlanLegend(const SweepMap& map, const CellFaces& faces,
                                    const CellMarks& marks, const ReasonLabels& reasons,
                                    bool has_margins, Point top_left, double width,
                                    const Font& font);
void DrawLegend(SceneBuilder& scene, const std::vector<LegendEntry>& legend);

}  // namespace ollama_bench
