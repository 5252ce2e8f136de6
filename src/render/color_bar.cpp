#include "color_bar.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "heatmap_axes.h"
#include "heatmap_palette.h"

namespace ollama_bench {
namespace {

constexpr double kBarWidth = 16;
constexpr double kShortestBar = 120;
constexpr double kTickLength = 5;
constexpr double kTickGap = 9;  // between the bar and a label
constexpr double kLabelSize = 12;
constexpr double kLabelLine = 16;
constexpr double kRoomPerTick = 48;
constexpr int kMostColorSteps = 200;

void DrawGradient(SceneBuilder& scene, const ValueScale& scale, const Box& box) {
  const int steps = scale.high > scale.low ? kMostColorSteps : 1;
  for (int i = 0; i < steps; ++i) {
    // Each step reaches down to the end, so that no seam can show between two.
    const double top = box.y + std::floor(box.height * i / steps);
    const double share = (i + 0.5) / steps;
    const Color color = scale.ColorOf(scale.high - (scale.high - scale.low) * share);
    scene.Fill({box.x, top, box.width, box.bottom() - top}, color);
  }
}

}  // namespace

double ColorBar::width(const Font& font) const {
  return std::max(kBarWidth + kTickGap + label_width, std::ceil(font.Width(unit, kAxisNameSize)));
}

std::optional<ColorBar> PlanColorBar(const ValueScale& scale, std::string unit, double plot_height,
                                     const Font& font) {
  if (!scale.has_values) return std::nullopt;
  ColorBar bar;
  bar.height = std::max(plot_height, kShortestBar);
  const int most_ticks = std::clamp(static_cast<int>(bar.height / kRoomPerTick), 3, 9);
  bar.ticks = RoundTicks(scale.low, scale.high, most_ticks);
  bar.format = bar.ticks.size() > 1 ? FormatForTicks(bar.ticks) : scale.format;
  bar.unit = std::move(unit);
  for (const double tick : bar.ticks) {
    bar.label_width =
        std::max(bar.label_width, std::ceil(font.Width(bar.format(tick), kLabelSize)));
  }
  return bar;
}

void DrawColorBar(SceneBuilder& scene, const ColorBar& bar, const ValueScale& scale,
                  Point top_left) {
  const Box box{top_left.x, top_left.y, kBarWidth, bar.height};
  DrawGradient(scene, scale, box);
  for (const double tick : bar.ticks) {
    const double share =
        scale.high > scale.low ? (tick - scale.low) / (scale.high - scale.low) : 0.5;
    const double y = box.bottom() - share * box.height;
    scene.Line({box.right(), y}, {box.right() + kTickLength, y}, {palette::kTick, 1});
    scene.Text({box.right() + kTickGap, y - kLabelLine / 2, bar.label_width, kLabelLine},
               bar.format(tick), {kLabelSize, palette::kText, Anchor::kEnd});
  }
  scene.Text({box.x, box.y - kAxisNameGap - kAxisNameLine, bar.width(scene.font()), kAxisNameLine},
             bar.unit, {kAxisNameSize, palette::kQuiet});
}

}  // namespace ollama_bench
