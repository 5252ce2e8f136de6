#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "number_format.h"
#include "ollama_bench/analysis/sweep_map.h"
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

/// One for each row or column; empty: none is known.
using MarginEffects = std::vector<std::optional<MarginEffect>>;

/// The means of the rows or of the columns beside the plot: a dot each, with its interval.
struct MarginPanel {
  MarginEffects effects;
  double low = 0;  ///< the range that is shown, in per cent; it holds 0
  double high = 0;
  std::vector<double> ticks;  ///< two at least, within the range
  NumberFormat format;
  double label_width = 0;          ///< of the widest tick label
  std::vector<std::string> title;  ///< lines
};

inline constexpr double kMarginPanelExtent = 104;  ///< of the range, right of the plot
inline constexpr double kMarginPanelHeight = 60;   ///< of the range, below the plot
inline constexpr double kMarginTitleLine = 15;
inline constexpr double kMarginTickLine = 14;

enum class MarginSide { kRows, kColumns };

/// One for each table, on a common scale. Empty where a table has less than two rows (or columns)
/// to compare. `title_width` is the room for a line of the title.
std::vector<MarginPanel> PlanMargins(const std::vector<MarginEffects>& of_tables, MarginSide side,
                                     double title_width, const Font& font);

/// Right of the plot: `place` is as high as the plot and kMarginPanelExtent wide, the title is
/// above it and the ticks below.
void DrawRowMargin(SceneBuilder& scene, const MarginPanel& panel, const Box& place);
/// Below the plot: `place` is as wide as the plot and kMarginPanelHeight high, the title is above
/// it and the ticks to the left.
void DrawColumnMargin(SceneBuilder& scene, const MarginPanel& panel, const Box& place);

}  // namespace ollama_bench
