#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "number_format.h"
#include "ollama_bench/analysis/sweep_map.h"
#include "ollama_bench/render/color.h"
#include "ollama_bench/render/ink.h"
#include "scene_builder.h"

namespace ollama_bench {

/// The range of the measured values and what belongs to it.
struct ValueScale {
  Colormap colormap;
  NumberFormat format;
  double low = 0;
  double high = 0;
  double best = 0;  ///< one of the two
  bool has_values = false;

  /// The middle of the colormap where all values are equal.
  [[nodiscard]] Color ColorOf(double value) const;
};

/// Of the medians of the measured cells of all maps, at least one.
ValueScale MakeValueScale(std::span<const SweepMap> maps, const Colormap& colormap);

/// One step of the colours of a heatmap: how much worse than the best a cell is.
struct LossClass {
  double from = 0;  ///< relative loss, included
  double to = 0;    ///< excluded; infinite for the last
  Ink ink;
};

/// From the smallest loss to the largest: 0, 2, 5, 10, 20, 40 %. The further from the best, the
/// further from the paper in lightness, so that the order needs no hue.
std::span<const LossClass> LossClasses();
/// The class of a loss of 0 or more.
const LossClass& LossClassOf(double loss);

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
