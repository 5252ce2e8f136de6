#include "ollama_bench/render/difference_scene.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "color_bar.h"
#include "heatmap_axes.h"
#include "heatmap_cell.h"
#include "heatmap_notes.h"
#include "heatmap_palette.h"
#include "heatmap_plot.h"
#include "heatmap_region.h"
#include "ollama_bench/core/text.h"
#include "signed_percent.h"
#include "text_fit.h"

namespace ollama_bench {
namespace {

constexpr double kTitleSize = 18;
constexpr double kTitleLine = 30;
constexpr double kSentenceSize = 14;
constexpr double kSentenceLine = 22;
constexpr double kSmallestLimit = 5;  // per cent at the ends of the colours, at least
constexpr std::size_t kMostLines = 4;
constexpr const char* kMeasuredWord = "new";  // in a cell that failed before
constexpr double kHatchDistance = 8;

// What is known of each cell of the picture; one that is in none of them was not measured in both.
struct Changes {
  explicit Changes(const SweepComparison& comparison) {
    for (const CellChange& cell : comparison.cells) measured[cell.first.cell] = &cell;
    for (const FailedCell& cell : comparison.now_failed) failed[cell.measured.cell] = &cell;
    for (const FailedCell& cell : comparison.now_measured) repaired[cell.measured.cell] = &cell;
  }

  std::map<Cell, const CellChange*> measured;
  std::map<Cell, const FailedCell*> failed;
  std::map<Cell, const FailedCell*> repaired;
};

Grid GridOf(const SweepComparison& comparison) {
  Grid grid;
  const auto add = [&grid](const Cell& cell) {
    grid.across.values.push_back(cell[grid.across.parameter]);
    grid.down.values.push_back(cell[grid.down.parameter]);
  };
  for (const CellChange& cell : comparison.cells) add(cell.first.cell);
  for (const Cell& cell : comparison.only_first) add(cell);
  for (const Cell& cell : comparison.only_second) add(cell);
  for (Axis* axis : {&grid.across, &grid.down}) {
    std::sort(axis->values.begin(), axis->values.end());
    axis->values.erase(std::unique(axis->values.begin(), axis->values.end()), axis->values.end());
  }
  return grid;
}

// From the worst to the best, so that blue is better for times as well.
double Betterment(const Change& change, Metric metric) {
  return Describe(metric).higher_is_better ? change.percent() : -change.percent();
}

ValueScale ScaleOf(const SweepComparison& comparison) {
  double limit = kSmallestLimit;
  for (const CellChange& cell : comparison.cells) {
    if (cell.change.is_called) limit = std::max(limit, std::fabs(cell.change.percent()));
  }
  ValueScale scale{DivergingColormap(), NumberFormat{0}};
  scale.low = -limit;
  scale.high = limit;
  scale.best = limit;
  scale.has_values = true;
  return scale;
}

std::string TitleOf(const CellChange& cell, const SweepComparison& comparison) {
  const MetricInfo& metric = Describe(comparison.metric);
  const NumberFormat format{metric.decimals};
  const Interval interval = cell.change.log.LogInterval(comparison.demand.level);
  return fmt::format("{}: {} to {} {}, {}, {:.3g} % CI {}{}", DescribeCell(cell.first.cell),
                     format(cell.first.value()), format(cell.second.value()), metric.unit,
                     SignedPercent(cell.change.log.value), 100 * comparison.demand.level,
                     PercentInterval(interval.low, interval.high),
                     cell.change.is_called ? "" : ", not significant");
}

struct Layout {
  Grid grid;
  CellSize cell;
  AxisLabels across;
  AxisLabels down;
  std::optional<ColorBar> color_bar;
  std::string title;
  std::vector<std::string> sentences;
  std::vector<std::string> notes;
  Box plot;
  double width = 0;
  double height = 0;
  double notes_top = 0;
};

std::vector<std::string> Sentences(const SweepComparison& comparison,
                                   const ComparisonCaption& caption, const Font& font,
                                   double width) {
  std::vector<std::string> lines;
  for (const std::string& sentence :
       {OverallSentence(comparison, caption), CellsSentence(comparison),
        FailuresSentence(comparison, caption)}) {
    if (sentence.empty()) continue;
    for (std::string& line :
         WrapWords(font, font.Drawable(sentence), kSentenceSize, width, kMostLines)) {
      lines.push_back(std::move(line));
    }
  }
  return lines;
}

std::vector<std::string> Notes(const SweepComparison& comparison, const ComparisonCaption& caption,
                               const Font& font, double width) {
  std::string patterns =
      "Coloured: significant (blue better, red worse). Blank: not significant. Hatched: not "
      "measured in both.";
  if (!comparison.now_failed.empty()) patterns += " Crossed: measured before, fails now.";
  if (!comparison.now_measured.empty()) {
    patterns += fmt::format(" \"{}\": failed before, is measured now.", kMeasuredWord);
  }
  std::vector<std::string> texts = {patterns};
  for (const std::string& difference : caption.differences) {
    texts.push_back("Differs: " + Printable(difference, false));
  }
  std::vector<std::string> shown = texts;
  for (const std::string& name : {caption.first, caption.second}) {
    shown.push_back(Printable(name, false));
  }
  if (auto note = SubstituteNote(font, shown)) texts.push_back(std::move(*note));
  return WrapNotes(texts, width, font);
}

// Of the widest text at size 1: all are of one size.
double TextWidth(const SweepComparison& comparison, const Font& font) {
  double widest = 0;
  for (const CellChange& change : comparison.cells) {
    widest = std::max(widest, font.Width(SignedPercent(change.change.log.value), 1));
  }
  return widest;
}

Layout Plan(const SweepComparison& comparison, const ComparisonCaption& caption,
            const ValueScale& scale, const Font& font) {
  Layout layout;
  layout.grid = GridOf(comparison);
  layout.cell = ChooseCellSize(layout.grid, TextWidth(comparison, font));
  layout.across = PlanAcrossLabels(layout.grid.across, layout.cell.width, font);
  layout.down = PlanDownLabels(layout.grid.down, layout.cell.height, font);
  layout.plot = {kMargin + layout.down.extent, 0,
                 layout.cell.width * static_cast<double>(layout.grid.across.values.size()),
                 layout.cell.height * static_cast<double>(layout.grid.down.values.size())};
  layout.color_bar = PlanColorBar(scale, "% better", layout.plot.height, font);
  const double right = layout.plot.right() + kColorBarGap + layout.color_bar->width(font);
  layout.width = std::ceil(std::max(right + kMargin, kNarrowest));
  const double inner_width = layout.width - 2 * kMargin;
  layout.title = fmt::format("Change of the {}: {} to {}", Describe(comparison.metric).label,
                             Printable(caption.first, false), Printable(caption.second, false));
  layout.sentences = Sentences(comparison, caption, font, inner_width);
  const double header = kTitleLine + kSentenceLine * static_cast<double>(layout.sentences.size());
  layout.plot.y = kMargin - 8 + header + kHeaderGap + kAxisNameLine + kAxisNameGap;
  double bottom = layout.plot.bottom() + layout.across.extent + kAxisNameBelow;
  bottom = std::max(bottom, layout.plot.y + layout.color_bar->height + 8);
  layout.notes = Notes(comparison, caption, font, inner_width);
  layout.notes_top = bottom;
  layout.height = std::ceil(bottom + NotesHeight(layout.notes) + kMargin - 8);
  return layout;
}

void DrawCell(SceneBuilder& scene, const Box& box, const CellChange& cell,
              const SweepComparison& comparison, const ValueScale& scale, double text_size) {
  const bool is_real = cell.change.is_called;
  const Ink color =
      is_real ? Ink(scale.ColorOf(Betterment(cell.change, comparison.metric))) : palette::kPaper;
  scene.Fill(box, color, TitleOf(cell, comparison));
  if (!is_real && std::min(box.width, box.height) > 4) {
    scene.Outline({box.x + 0.5, box.y + 0.5, box.width - 1, box.height - 1},
                  {palette::kUntestedLine, 1});
  }
  if (text_size <= 0) return;
  scene.Text(box, SignedPercent(cell.change.log.value),
             {text_size, is_real ? ReadableOn(color) : palette::kQuiet, Anchor::kMiddle});
}

std::string TitleOf(const FailedCell& cell, const SweepComparison& comparison, bool fails_now) {
  const MetricInfo& metric = Describe(comparison.metric);
  const std::string value =
      fmt::format("{} {}", NumberFormat{metric.decimals}(cell.measured.value()), metric.unit);
  std::string failure(Describe(cell.failure.kind).sentence);
  if (!cell.failure.message.empty()) failure += ": " + Printable(cell.failure.message, false);
  return fmt::format("{}: {} {} ({})", DescribeCell(cell.measured.cell), value,
                     fails_now ? "before, fails now" : "now, failed before", failure);
}

void DrawFailed(SceneBuilder& scene, const Box& box, const FailedCell& cell,
                const SweepComparison& comparison) {
  scene.Fill(box, palette::kFailed, TitleOf(cell, comparison, true));
  DrawPattern(scene, box, Pattern::kFailed, /*is_loud=*/true);
}

void DrawUntested(SceneBuilder& scene, const Box& box, const Cell& cell) {
  scene.Fill(box, palette::kPaper, fmt::format("{}: not measured in both", DescribeCell(cell)));
  const GridRegion region{{box.x, box.y}, box.width, box.height, 1, 1, {true}};
  scene.Path({HatchOf(region, Slant::kRising, kHatchDistance), false, std::nullopt,
              Stroke{palette::kUntestedLine, 1}});
}

void DrawRepaired(SceneBuilder& scene, const Box& box, const FailedCell& cell,
                  const SweepComparison& comparison, const ValueScale& scale) {
  const Ink color(scale.ColorOf(scale.high));
  scene.Fill(box, color, TitleOf(cell, comparison, false));
  constexpr double kLargest = 15;
  const double size = std::min(
      {kLargest, box.height * 0.46, (box.width - 10) / scene.font().Width(kMeasuredWord, 1)});
  if (size < kSmallestText) return;
  scene.Text(box, kMeasuredWord, {size, ReadableOn(color), Anchor::kMiddle});
}

void DrawCells(SceneBuilder& scene, const SweepComparison& comparison, const Layout& layout,
               const ValueScale& scale) {
  const Changes changes(comparison);
  const double text_size = NumberTextSize(TextWidth(comparison, scene.font()), layout.cell);
  for (std::size_t row = 0; row < layout.grid.down.values.size(); ++row) {
    for (std::size_t column = 0; column < layout.grid.across.values.size(); ++column) {
      const Cell cell = layout.grid.CellAt(row, column);
      const Box box = CellBox({layout.plot.x, layout.plot.y}, layout.cell, row, column);
      if (const auto both = changes.measured.find(cell); both != changes.measured.end()) {
        DrawCell(scene, box, *both->second, comparison, scale, text_size);
      } else if (const auto now = changes.failed.find(cell); now != changes.failed.end()) {
        DrawFailed(scene, box, *now->second, comparison);
      } else if (const auto new_ = changes.repaired.find(cell); new_ != changes.repaired.end()) {
        DrawRepaired(scene, box, *new_->second, comparison, scale);
      } else {
        DrawUntested(scene, box, cell);
      }
    }
  }
}

}  // namespace

Scene LayOutDifference(const SweepComparison& comparison, const ComparisonCaption& caption,
                       const Font& font) {
  const ValueScale scale = ScaleOf(comparison);
  const Layout layout = Plan(comparison, caption, scale, font);
  const double inner_width = layout.width - 2 * kMargin;
  SceneBuilder scene(font);
  double y = kMargin - 8;
  scene.Text({kMargin, y, inner_width, kTitleLine}, layout.title, {kTitleSize, palette::kTitle});
  y += kTitleLine;
  for (const std::string& line : layout.sentences) {
    scene.Text({kMargin, y, inner_width, kSentenceLine}, line, {kSentenceSize, palette::kTitle});
    y += kSentenceLine;
  }
  DrawAxisDown(scene, layout.grid.down, layout.down, layout.plot);
  DrawAxisAcross(scene, layout.grid.across, layout.across, layout.plot);
  DrawColorBar(scene, *layout.color_bar, scale,
               {layout.plot.right() + kColorBarGap, layout.plot.y});
  DrawCells(scene, comparison, layout, scale);
  DrawNotes(scene, layout.notes, {kMargin, layout.notes_top}, inner_width);
  return scene.Finish(layout.width, layout.height, layout.title);
}

}  // namespace ollama_bench
