#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "line_scales.h"
#include "scene_builder.h"

// Several plots of one size, side by side and below each other.
namespace ollama_bench {

inline constexpr double kPanelWidth = 380;  ///< of the plot
inline constexpr double kPanelHeight = 240;

/// Room for the labels beside a plot.
struct PanelRoom {
  double left = 0;
  double right = 0;  ///< 0 without a scale there
};

/// Where a panel is.
struct PanelPlace {
  double left = 0;   ///< of its labels
  double right = 0;  ///< of those at the right, or of the plot
  Box plot;
};

struct PanelGrid {
  std::vector<PanelPlace> places;  ///< row after row
  double width = 0;                ///< of the picture, whole pixels
  double height = 0;               ///< names above and labels below included

  void MoveDown(double by);
};

/// Rows of `columns` panels from the left margin and the height 0 on; the plots of a column are one
/// below the other.
PanelGrid PlacePanels(const std::vector<PanelRoom>& rooms, std::size_t columns);

/// The scale at the left and the one below.
void DrawPanelScales(SceneBuilder& scene, const PanelPlace& place, const MetricScale& up,
                     const ParameterScale& across, std::string_view across_name);
/// Above the left end of the labels.
void DrawPanelName(SceneBuilder& scene, const PanelPlace& place, std::string_view name);
/// In place of what a panel would show.
void DrawEmptyPanel(SceneBuilder& scene, const PanelPlace& place, std::string_view text);

}  // namespace ollama_bench
