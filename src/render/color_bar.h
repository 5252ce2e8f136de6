#pragma once

#include <optional>
#include <string>
#include <vector>

#include "scene_builder.h"
#include "value_scale.h"

namespace ollama_bench {

/// The scale of colours beside the plot: a bar, and what its heights mean.
struct ColorBar {
  double height = 0;
  std::vector<double> ticks;
  NumberFormat format;
  double label_width = 0;
  std::string unit;

  [[nodiscard]] double width(const Font& font) const;
};

/// Empty where there is no value to scale.
std::optional<ColorBar> PlanColorBar(const ValueScale& scale, std::string unit, double plot_height,
                                     const Font& font);
/// `top_left` is the bar's; the unit is above it.
void DrawColorBar(SceneBuilder& scene, const ColorBar& bar, const ValueScale& scale,
                  Point top_left);

}  // namespace ollama_bench
