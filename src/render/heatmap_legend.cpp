#include "heatmap_legend.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "heatmap_axes.h"
#include "heatmap_palette.h"
#include "ollama_bench/render/cell_label.h"

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

constexpr double kSwatchWidth = 28;
constexpr double kSwatchHeight = 18;
constexpr double kSwatchGap = 9;
constexpr double kEntryDistance = 30;
constexpr double kEntryLine = 28;

std::string DescribeFailures(const TableStatistics& statistics) {
  std::string text = fmt::format("failed: {} (", statistics.failed);
  bool is_first = true;
  for (const auto& [kind, count] : statistics.failed_by_kind) {
    text += fmt::format("{}{} {}", is_first ? "" : ", ", ShortLabel(kind), count);
    is_first = false;
  }
  return text + ")";
}

std::vector<LegendEntry> EntriesFor(const TableStatistics& statistics, const AnswerMarks& marks) {
  std::vector<LegendEntry> entries;
  const auto mark = [&entries](AnswerMark kind, std::string text) {
    entries.push_back({std::nullopt, kind, std::move(text), {}});
  };
  const auto state = [&entries](CellState example, std::string text) {
    entries.push_back({std::move(example), AnswerMark::kNone, std::move(text), {}});
  };
  if (marks.HasAny()) mark(AnswerMark::kRecommended, "recommended");
  if (marks.HasOthers()) mark(AnswerMark::kBestSet, "not told apart from the best");
  if (statistics.failed > 0) state(Failed{}, DescribeFailures(statistics));
  if (statistics.excluded > 0) {
    state(Excluded{}, fmt::format("not counted: {}", statistics.excluded));
  }
  if (statistics.aliases > 0) {
    state(AliasOf{}, fmt::format("same as another cell: {}", statistics.aliases));
  }
  const std::size_t unknown = statistics.untested - statistics.estimated;
  if (unknown > 0) state(Untested{}, fmt::format("untested: {}", unknown));
  if (statistics.estimated > 0) {
    state(Untested{ExpectedValue{}},
          fmt::format("{} hatched: estimated, +/- {:.1f} % (median): {}", kEstimateSign,
                      100.0 * statistics.median_margin, statistics.estimated));
  }
  return entries;
}

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

std::vector<LegendEntry> PlanLegend(const TableStatistics& statistics, const AnswerMarks& marks,
                                    Point top_left, double width, const Font& font) {
  std::vector<LegendEntry> entries = EntriesFor(statistics, marks);
  Point corner = top_left;
  for (LegendEntry& entry : entries) {
    const double text_width = font.Width(entry.text, kLabelSize);
    const double entry_width = std::min(width, kSwatchWidth + kSwatchGap + std::ceil(text_width));
    if (corner.x > top_left.x && corner.x + entry_width > top_left.x + width) {
      corner = {top_left.x, corner.y + kEntryLine};
    }
    entry.place = {corner.x, corner.y, entry_width, kEntryLine};
    corner.x += entry_width + kEntryDistance;
  }
  return entries;
}

void DrawLegend(SceneBuilder& scene, const std::vector<LegendEntry>& legend,
                const ValueScale& scale) {
  for (const LegendEntry& entry : legend) {
    const Box& place = entry.place;
    const Box swatch{place.x, place.y + (place.height - kSwatchHeight) / 2, kSwatchWidth,
                     kSwatchHeight};
    if (!entry.example) {
      scene.Fill(swatch, scale.ColorOf(scale.best));
      DrawMark(scene, swatch, entry.mark);
    } else {
      DrawCellBackground(scene, swatch, *entry.example, scale, {});
    }
    scene.Text({swatch.right() + kSwatchGap, place.y, place.right() - swatch.right() - kSwatchGap,
                place.height},
               entry.text, {kLabelSize, palette::kText});
  }
}

}  // namespace ollama_bench
