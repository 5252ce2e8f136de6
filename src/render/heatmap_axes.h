#pragma once

#include <cstddef>

#include "ollama_bench/core/axis.h"
#include "scene_builder.h"

namespace ollama_bench {

/// Which labels an axis shows and how much room they need.
struct AxisLabels {
  std::size_t step = 1;  ///< every step-th value is labelled, from the first on
  bool upwards = false;
  double extent = 0;  ///< away from the plot, the gap included
};

/// Across: level where they fit, else turned, else turned and thinned out.
AxisLabels PlanNumCtxLabels(const Axis& axis, double cell_width, const Font& font);
/// Down: thinned out where rows are lower than a line. The axis' name stands above its labels.
AxisLabels PlanNumBatchLabels(const Axis& axis, double cell_height, const Font& font);

/// Below the plot.
void DrawNumCtxAxis(SceneBuilder& scene, const Axis& axis, const AxisLabels& labels,
                    const Box& plot);
/// Left of the plot.
void DrawNumBatchAxis(SceneBuilder& scene, const Axis& axis, const AxisLabels& labels,
                      const Box& plot);

inline constexpr double kAxisNameSize = 13;
inline constexpr double kAxisNameLine = 18;
inline constexpr double kAxisNameGap = 10;  ///< between the plot and a name above it

}  // namespace ollama_bench
