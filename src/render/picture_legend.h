#pragma once

#include <functional>
#include <string>
#include <vector>

#include "scene_builder.h"

namespace ollama_bench {

/// One thing that a picture holds.
struct LegendEntry {
  std::function<void(SceneBuilder&, const Box&)> draw;  ///< an example
  std::string text;
  Box place;
};

/// Gives the entries their places, wrapped to the width from `top_left` on.
void PlaceLegend(std::vector<LegendEntry>& legend, Point top_left, double width, const Font& font);
void DrawLegend(SceneBuilder& scene, const std::vector<LegendEntry>& legend);

}  // namespace ollama_bench
