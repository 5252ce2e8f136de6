#pragma once

#include <optional>
#include <string>
#include <vector>

#include "answer_marks.h"
#include "heatmap_cell.h"
#include "ollama_bench/analysis/table_statistics.h"
#include "scene_builder.h"

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
/// `top_left` is the bar's; the unit stands above it.
void DrawColorBar(SceneBuilder& scene, const ColorBar& bar, const ValueScale& scale,
                  Point top_left);

/// One kind of cell that the picture holds.
struct LegendEntry {
  std::optional<CellState> example;  ///< empty: a cell with a value, marked
  AnswerMark mark = AnswerMark::kNone;
  std::string text;
  Box place;
};

/// The entries that `statistics` and `marks` call for, wrapped to the width from `top_left` on.
std::vector<LegendEntry> PlanLegend(const TableStatistics& statistics, const AnswerMarks& marks,
                                    Point top_left, double width, const Font& font);
void DrawLegend(SceneBuilder& scene, const std::vector<LegendEntry>& legend,
                const ValueScale& scale);

}  // namespace ollama_bench
