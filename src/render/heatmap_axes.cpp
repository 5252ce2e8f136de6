#include "heatmap_axes.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "heatmap_palette.h"

namespace ollama_bench {
namespace {

constexpr double kLabelSize = 12;
constexpr double kLabelLine = 16;
constexpr double kLabelGap = 8;       // between the plot and its labels
constexpr double kLabelDistance = 8;  // between two level labels
constexpr std::string_view kNumCtx = "num_ctx";
constexpr std::string_view kNumBatch = "num_batch";

double WidestLabel(const Axis& axis, const Font& font) {
  double widest = 0;
  for (const int value : axis.values) {
    widest = std::max(widest, font.Width(std::to_string(value), kLabelSize));
  }
  return widest;
}

std::size_t StepFor(double cell_extent) {
  return static_cast<std::size_t>(std::max(1.0, std::ceil(kLabelLine / cell_extent)));
}

}  // namespace

AxisLabels PlanNumCtxLabels(const Axis& axis, double cell_width, const Font& font) {
  const double widest = WidestLabel(axis, font);
  if (widest + kLabelDistance <= cell_width) return {1, false, kLabelGap + kLabelLine};
  return {StepFor(cell_width), true, kLabelGap + std::ceil(widest)};
}

AxisLabels PlanNumBatchLabels(const Axis& axis, double cell_height, const Font& font) {
  const double widest = std::max(WidestLabel(axis, font), font.Width(kNumBatch, kAxisNameSize));
  return {StepFor(cell_height), false, kLabelGap + std::ceil(widest)};
}

void DrawNumCtxAxis(SceneBuilder& scene, const Axis& axis, const AxisLabels& labels,
                    const Box& plot) {
  const double cell = plot.width / static_cast<double>(axis.values.size());
  const double room = labels.upwards ? kLabelLine : cell;
  const TextStyle style{kLabelSize, palette::kText, labels.upwards ? Anchor::kEnd : Anchor::kMiddle,
                        labels.upwards};
  for (std::size_t i = 0; i < axis.values.size(); i += labels.step) {
    const double middle = plot.x + (static_cast<double>(i) + 0.5) * cell;
    scene.Text({middle - room / 2, plot.bottom() + kLabelGap, room, labels.extent - kLabelGap},
               std::to_string(axis.values[i]), style);
  }
  scene.Text({plot.x, plot.bottom() + labels.extent + 6, plot.width, kAxisNameLine}, kNumCtx,
             {kAxisNameSize, palette::kQuiet, Anchor::kMiddle});
}

void DrawNumBatchAxis(SceneBuilder& scene, const Axis& axis, const AxisLabels& labels,
                      const Box& plot) {
  const double cell = plot.height / static_cast<double>(axis.values.size());
  const Box column{plot.x - labels.extent, plot.y, labels.extent - kLabelGap, plot.height};
  for (std::size_t i = 0; i < axis.values.size(); i += labels.step) {
    const double middle = plot.y + (static_cast<double>(i) + 0.5) * cell;
    scene.Text({column.x, middle - kLabelLine / 2, column.width, kLabelLine},
               std::to_string(axis.values[i]), {kLabelSize, palette::kText, Anchor::kEnd});
  }
  scene.Text({column.x, plot.y - kAxisNameGap - kAxisNameLine, column.width, kAxisNameLine},
             kNumBatch, {kAxisNameSize, palette::kQuiet, Anchor::kEnd});
}

}  // namespace ollama_bench
