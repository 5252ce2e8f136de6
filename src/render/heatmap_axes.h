#pragma once

#include <cstddef>
#include <vector>

#include "ollama_bench/core/axis.h"
#include "scene_builder.h"

namespace ollama_bench {

/// Which labels an axis shows and how much room they need.
struct AxisLabels {
  std::vector<std::size_t> shown;  ///< ascending
  double extent = 0;               ///< away from the plot, the gap included
  double width = 0;                ///< of the widest label that is shown
};

/// Of values `distance` apart those that are labelled where a label takes `room`: all that fit,
/// else round ones (multiples of a power of two, or of 1, 2 or 5 times a power of ten).
std::vector<std::size_t> ChooseLabelled(const Axis& axis, double distance, double room);

/// Across, below.
AxisLabels PlanAcrossLabels(const Axis& axis, double cell_width, const Font& font);
/// Down, to the left; none where the parameter is not set. The name of the axis is above its
/// labels.
AxisLabels PlanDownLabels(const Axis& axis, double cell_height, const Font& font);

/// Below `plot`.
void DrawAxisAcross(SceneBuilder& scene, const Axis& axis, const AxisLabels& labels,
                    const Box& plot);
/// Left of `plot`.
void DrawAxisDown(SceneBuilder& scene, const Axis& axis, const AxisLabels& labels, const Box& plot);

inline constexpr double kAxisNameSize = 13;
inline constexpr double kAxisNameLine = 18;
inline constexpr double kAxisNameGap = 10;  ///< between the plot and a name above it

}  // namespace ollama_bench
