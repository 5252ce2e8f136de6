#include "ollama_bench/render/difference_scene.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "color_bar.h"
#include "facets.h"
#include "heatmap_axes.h"
#include "heatmap_cell.h"
#include "heatmap_palette.h"
#include "heatmap_plot.h"
#include "heatmap_region.h"
#include "number_format.h"
#include "ollama_bench/core/text.h"
#include "picture_header.h"
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

// All cells that either sweep measured.
Expected<std::vector<Grid>, std::string> TablesOf(const SweepComparison& comparison,
                                                  const Slice& slice) {
  std::vector<CellResult> results;
  const auto add = [&results](const Cell& cell) {
    results.emplace_back();
    results.back().cell = cell;
  };
  for (const CellChange& cell : comparison.cells) add(cell.first.cell);
  for (const Cell& cell : comparison.only_first) add(cell);
  for (const Cell& cell : comparison.only_second) add(cell);
  auto space = UnitedSpace(results, {});
  if (!space) return Unexpected<std::string>(space.error());
  // The only cell sets nothing; it has a place all the same.
  if (space->axes.empty()) space->Set(kUsualAcross, {kAutoValue});
  return GridsOf(*space, slice);
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
  std::vector<Grid> grids;
  FacetLayout facets;
  FacetFrame frame;
  AxisLabels across;
  AxisLabels down;
  std::optional<FacetHeadings> headings;
  std::optional<ColorBar> color_bar;
  std::string title;
  std::vector<std::string> sentences;
  std::vector<std::string> notes;
  std::vector<Box> plots;
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
  for (std::string& sentence : ByValueSentences(comparison, caption)) {
    texts.push_back(std::move(sentence));
  }
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

void PlanAcross(Layout& layout, const SweepComparison& comparison, const ValueScale& scale,
                const Font& font) {
  const Grid& grid = layout.grids.front();
  layout.facets =
      ChooseFacets(layout.grids, TextWidth(comparison, font),
                   {kFacetGap, kAxisNameLine + kAxisNameGap + 2 * kAxisNameBelow + kFacetRowGap});
  const CellSize& cell = layout.facets.cell;
  layout.across = PlanAcrossLabels(grid.across, cell.width, font);
  layout.down = PlanDownLabels(grid.down, cell.height, font);
  layout.headings.emplace(layout.grids, cell.width * static_cast<double>(grid.across.values.size()),
                          font);
  layout.frame = PlanFacetsAcross(layout.facets, grid.across, layout.across, *layout.headings,
                                  kMargin + layout.down.extent, 0, font);
  layout.color_bar = PlanColorBar(scale, "% better",
                                  cell.height * static_cast<double>(grid.down.values.size()), font);
  const double right = layout.frame.right + kColorBarGap + layout.color_bar->width(font);
  layout.width = std::ceil(std::max(right + kMargin, kNarrowest));
}

std::string TitleOf(const SweepComparison& comparison, const ComparisonCaption& caption,
                    std::span<const Grid> grids) {
  const Cell held = HeldByAll(grids);
  return fmt::format("Change of the {}: {} to {}{}", Describe(comparison.metric).label,
                     Printable(caption.first, false), Printable(caption.second, false),
                     held == Cell() ? "" : ", " + DescribeCell(held));
}

Layout Plan(std::vector<Grid> grids, const SweepComparison& comparison,
            const ComparisonCaption& caption, const ValueScale& scale, const Font& font) {
  Layout layout;
  layout.grids = std::move(grids);
  PlanAcross(layout, comparison, scale, font);
  const double inner_width = layout.width - 2 * kMargin;
  layout.title = TitleOf(comparison, caption, layout.grids);
  layout.sentences = Sentences(comparison, caption, font, inner_width);
  const double header = kTitleLine + kSentenceLine * static_cast<double>(layout.sentences.size());
  const double above = std::max(kAxisNameLine + kAxisNameGap, layout.headings->height());
  const double below = layout.across.extent + kAxisNameBelow;
  const Grid& grid = layout.grids.front();
  const CellSize& cell = layout.facets.cell;
  const double plot_height = cell.height * static_cast<double>(grid.down.values.size());
  layout.frame.top = kMargin - 8 + header + kHeaderGap + above;
  layout.frame.pitch_y = above + plot_height + below + kFacetRowGap;
  for (std::size_t i = 0; i < layout.grids.size(); ++i) {
    const Point corner = layout.frame.Corner(i, layout.facets.columns);
    layout.plots.push_back({corner.x, corner.y,
                            cell.width * static_cast<double>(grid.across.values.size()),
                            plot_height});
  }
  const double bottom = std::max(layout.plots.back().bottom() + below,
                                 layout.frame.top + layout.color_bar->height + 8);
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

void DrawCells(SceneBuilder& scene, const SweepComparison& comparison, const Changes& changes,
               const Layout& layout, std::size_t table, const ValueScale& scale) {
  const Grid& grid = layout.grids[table];
  const Point corner{layout.plots[table].x, layout.plots[table].y};
  const double text_size =
      layout.facets.has_numbers
          ? NumberTextSize(TextWidth(comparison, scene.font()), layout.facets.cell)
          : 0;
  for (std::size_t row = 0; row < grid.down.values.size(); ++row) {
    for (std::size_t column = 0; column < grid.across.values.size(); ++column) {
      const Cell cell = grid.CellAt(row, column);
      const Box box = CellBox(corner, layout.facets.cell, row, column);
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

void DrawTables(SceneBuilder& scene, const SweepComparison& comparison, const Layout& layout,
                const ValueScale& scale) {
  const Changes changes(comparison);
  for (std::size_t i = 0; i < layout.grids.size(); ++i) {
    const Box& plot = layout.plots[i];
    if (i % layout.facets.columns == 0) {
      DrawAxisDown(scene, layout.grids[i].down, layout.down, plot);
    }
    DrawAxisAcross(scene, layout.grids[i].across, layout.across, plot);
    layout.headings->Draw(scene, i, plot);
  }
  DrawColorBar(scene, *layout.color_bar, scale,
               {layout.frame.right + kColorBarGap, layout.frame.top});
  for (std::size_t i = 0; i < layout.grids.size(); ++i) {
    DrawCells(scene, comparison, changes, layout, i, scale);
  }
}

}  // namespace

Expected<Scene, std::string> LayOutDifference(const SweepComparison& comparison,
                                              const ComparisonCaption& caption, const Font& font,
                                              const Slice& slice) {
  auto grids = TablesOf(comparison, slice);
  if (!grids) return Unexpected<std::string>(grids.error());
  const ValueScale scale = ScaleOf(comparison);
  const Layout layout = Plan(std::move(*grids), comparison, caption, scale, font);
  const double inner_width = layout.width - 2 * kMargin;
  SceneBuilder scene(font);
  double y = kMargin - 8;
  scene.Text({kMargin, y, inner_width, kTitleLine}, layout.title, {kTitleSize, palette::kTitle});
  y += kTitleLine;
  for (const std::string& line : layout.sentences) {
    scene.Text({kMargin, y, inner_width, kSentenceLine}, line, {kSentenceSize, palette::kTitle});
    y += kSentenceLine;
  }
  DrawTables(scene, comparison, layout, scale);
  DrawNotes(scene, layout.notes, {kMargin, layout.notes_top}, inner_width);
  return scene.Finish(layout.width, layout.height, layout.title);
}

}  // namespace ollama_bench
