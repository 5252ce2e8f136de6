#include "heatmap_axes.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "heatmap_palette.h"

namespace ollama_bench {
namespace {

constexpr double kLabelSize = 12;
constexpr double kLabelLine = 16;
constexpr double kLabelGap = 8;        // between the plot and its labels
constexpr double kLabelDistance = 10;  // between two labels of one line

double WidestLabel(const Axis& axis, const std::vector<std::size_t>& shown, const Font& font) {
  double widest = 0;
  for (const std::size_t i : shown) {
    widest = std::max(widest, font.Width(LabelOf(axis, i), kLabelSize));
  }
  return widest;
}

std::vector<std::size_t> EveryNth(std::size_t count, std::size_t step) {
  std::vector<std::size_t> shown;
  for (std::size_t i = 0; i < count; i += step) shown.push_back(i);
  return shown;
}

// Those that are multiples of `unit`; empty where two of them are nearer than `step`.
std::vector<std::size_t> MultiplesOf(long unit, const Axis& axis, std::size_t step) {
  std::vector<std::size_t> shown;
  for (std::size_t i = 0; i < axis.values.size(); ++i) {
    if (axis.values[i] == kAutoValue || axis.values[i] % unit != 0) continue;
    if (!shown.empty() && i - shown.back() < step) return {};
    shown.push_back(i);
  }
  return shown;
}

std::vector<long> RoundUnits(long largest) {
  std::vector<long> units;
  for (long unit = 2; unit <= largest; unit *= 2) units.push_back(unit);
  for (long unit = 10; unit <= largest; unit *= 10) {
    for (const long factor : {1, 2, 5}) units.push_back(factor * unit);
  }
  return units;
}

}  // namespace

std::vector<std::size_t> ChooseLabelled(const Axis& axis, double distance, double room) {
  const std::size_t count = axis.values.size();
  const auto step = static_cast<std::size_t>(std::max(1.0, std::ceil(room / distance)));
  if (step == 1) return EveryNth(count, 1);
  std::vector<std::size_t> best;
  for (const long unit : RoundUnits(axis.values.back())) {
    std::vector<std::size_t> shown = MultiplesOf(unit, axis, step);
    if (shown.size() > best.size()) best = std::move(shown);
  }
  std::vector<std::size_t> evenly = EveryNth(count, step);
  // Round labels that leave most of the axis without any help less.
  return best.size() * 2 >= evenly.size() && best.size() > 1 ? best : evenly;
}

AxisLabels PlanAcrossLabels(const Axis& axis, double cell_width, const Font& font) {
  const double widest = WidestLabel(axis, EveryNth(axis.values.size(), 1), font);
  AxisLabels labels{ChooseLabelled(axis, cell_width, widest + kLabelDistance),
                    kLabelGap + kLabelLine, 0};
  labels.width = std::ceil(WidestLabel(axis, labels.shown, font));
  return labels;
}

AxisLabels PlanDownLabels(const Axis& axis, double cell_height, const Font& font) {
  if (axis.IsAuto()) return {};
  AxisLabels labels{ChooseLabelled(axis, cell_height, kLabelLine), 0, 0};
  labels.width = std::ceil(std::max(WidestLabel(axis, labels.shown, font),
                                    font.Width(KeyOf(axis.parameter), kAxisNameSize)));
  labels.extent = kLabelGap + labels.width;
  return labels;
}

void DrawAxisAcross(SceneBuilder& scene, const Axis& axis, const AxisLabels& labels,
                    const Box& plot) {
  const double cell = plot.width / static_cast<double>(axis.values.size());
  for (const std::size_t i : labels.shown) {
    const double middle = plot.x + (static_cast<double>(i) + 0.5) * cell;
    scene.Text({middle - labels.width / 2, plot.bottom() + kLabelGap, labels.width, kLabelLine},
               LabelOf(axis, i), {kLabelSize, palette::kText, Anchor::kMiddle});
  }
  const std::string_view key = KeyOf(axis.parameter);
  const double name = std::max(plot.width, scene.font().Width(key, kAxisNameSize));
  scene.Text(
      {plot.x + (plot.width - name) / 2, plot.bottom() + labels.extent + 6, name, kAxisNameLine},
      key, {kAxisNameSize, palette::kQuiet, Anchor::kMiddle});
}

void DrawAxisDown(SceneBuilder& scene, const Axis& axis, const AxisLabels& labels,
                  const Box& plot) {
  if (labels.shown.empty()) return;
  const double cell = plot.height / static_cast<double>(axis.values.size());
  const Box column{plot.x - labels.extent, plot.y, labels.width, plot.height};
  for (const std::size_t i : labels.shown) {
    const double middle = plot.y + (static_cast<double>(i) + 0.5) * cell;
    scene.Text({column.x, middle - kLabelLine / 2, column.width, kLabelLine}, LabelOf(axis, i),
               {kLabelSize, palette::kText, Anchor::kEnd});
  }
  scene.Text({column.x, plot.y - kAxisNameGap - kAxisNameLine, column.width, kAxisNameLine},
             KeyOf(axis.parameter), {kAxisNameSize, palette::kQuiet, Anchor::kEnd});
}

}  // namespace ollama_bench
