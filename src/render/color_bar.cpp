#include "color_bar.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "heatmap_axes.h"
#include "heatmap_palette.h"

namespace ollama_bench {

Color ValueScale::ColorOf(double value) const {
  return colormap.At(high > low ? (value - low) / (high - low) : 0.5);
}

ValueScale MakeValueScale(std::span<const SweepMap> maps, const Colormap& colormap) {
  const Metric metric = maps.front().metric;
  std::vector<double> values;
  for (const SweepMap& map : maps) {
    for (const MapCell& cell : map.cells) {
      if (cell.kind == MapCell::Kind::kMeasured) values.push_back(cell.raw);
    }
  }
  ValueScale scale{colormap, ChooseNumberFormat(values, metric)};
  if (values.empty()) return scale;
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  scale.low = *low;
  scale.high = *high;
  scale.best = Describe(metric).higher_is_better ? scale.high : scale.low;
  scale.has_values = true;
  return scale;
}

namespace {

constexpr double kNoEnd = std::numeric_limits<double>::infinity();

constexpr std::array kClasses = {
    LossClass{0.00, 0.02, {Rgb(0xCFE3D0), Rgb(0x274236)}},
    LossClass{0.02, 0.05, {Rgb(0xDDE2A0), Rgb(0x4D5A2A)}},
    LossClass{0.05, 0.10, {Rgb(0xF2CE7E), Rgb(0x846A24)}},
    LossClass{0.10, 0.20, {Rgb(0xE89C57), Rgb(0xBC7434)}},
    LossClass{0.20, 0.40, {Rgb(0xCB5F45), Rgb(0xE07C5E)}},
    LossClass{0.40, kNoEnd, {Rgb(0x86314A), Rgb(0xF3A3A8)}},
};

}  // namespace

std::span<const LossClass> LossClasses() {
  return kClasses;
}

const LossClass& LossClassOf(double loss) {
  const auto found = std::find_if(kClasses.begin(), kClasses.end(),
                                  [loss](const LossClass& step) { return loss < step.to; });
  return found == kClasses.end() ? kClasses.back() : *found;
}

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
