#include "ollama_bench/render/heatmap_scene.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "color_bar.h"
#include "heatmap_axes.h"
#include "heatmap_cell.h"
#include "heatmap_header.h"
#include "heatmap_legend.h"
#include "heatmap_margins.h"
#include "heatmap_notes.h"
#include "heatmap_palette.h"
#include "heatmap_plot.h"
#include "ollama_bench/core/text.h"
#include "text_fit.h"

namespace ollama_bench {
namespace {

constexpr double kMarginGap = 20;        // between the plot and the means beside it
constexpr double kMarginTitleSpace = 8;  // around the title of the means below it
constexpr double kTitleOfRows = 2 * kMarginTitleLine + 8;

// How the parts of the picture lie. Planned from left to right, then from top to bottom.
struct Layout {
  HeatmapHeader header;
  AxisLabels across;
  AxisLabels down;
  std::optional<ColorBar> color_bar;
  std::optional<MarginPanel> rows;
  std::optional<MarginPanel> columns;
  std::vector<LegendEntry> legend;
  std::vector<std::string> notes;
  Point notes_corner;
  Box header_place;
  Box plot;
  Box rows_place;
  Box columns_place;
  double width = 0;
  double height = 0;
};

class HeatmapPainter {
 public:
  HeatmapPainter(const SweepMap& map, const SweepCaption& caption, const HeatmapStyle& style,
                 const Font& font)
      : map_(map),
        caption_(caption),
        font_(font),
        faces_(map, style),
        marks_(map, faces_),
        number_width_(faces_.NumberWidth(font)),
        cell_(ChooseCellSize(map.grid, number_width_)),
        reasons_(map, faces_, cell_, font) {
    PlanAcross();
    PlanDown();
  }

  Scene Draw() {
    SceneBuilder scene(font_);
    DrawHeader(scene, layout_.header, layout_.header_place);
    DrawAxisDown(scene, map_.grid.down, layout_.down, layout_.plot);
    Box labelled = layout_.plot;
    if (layout_.columns) labelled.height = layout_.columns_place.bottom() - labelled.y;
    DrawAxisAcross(scene, map_.grid.across, layout_.across, labelled);
    if (layout_.rows) DrawRowMargin(scene, *layout_.rows, layout_.rows_place);
    if (layout_.columns) DrawColumnMargin(scene, *layout_.columns, layout_.columns_place);
    if (layout_.color_bar) {
      DrawColorBar(scene, *layout_.color_bar, faces_.scale(),
                   {layout_.plot.right() + kColorBarGap, layout_.plot.y});
    }
    DrawCells(scene);
    DrawLegend(scene, layout_.legend);
    DrawNotes(scene, layout_.notes, layout_.notes_corner, layout_.width - 2 * kMargin);
    const std::string name = caption_.model.empty() ? "" : Printable(caption_.model, false) + ": ";
    return scene.Finish(layout_.width, layout_.height,
                        fmt::format("{}{} by {} and {}. {}", name, Describe(map_.metric).label,
                                    KeyOf(map_.grid.across.parameter),
                                    KeyOf(map_.grid.down.parameter), Printable(map_.title, false)));
  }

 private:
  void PlanAcross() {
    layout_.across = PlanAcrossLabels(map_.grid.across, cell_.width, font_);
    layout_.down = PlanDownLabels(map_.grid.down, cell_.height, font_);
    Box& plot = layout_.plot;
    plot = {0, 0, cell_.width * static_cast<double>(map_.column_count()),
            cell_.height * static_cast<double>(map_.row_count())};
    if (faces_.ShowsLoss()) {
      layout_.columns = PlanMargin(map_.columns, MarginSide::kColumns, plot.width, font_);
      layout_.rows = PlanMargin(map_.rows, MarginSide::kRows, kMarginPanelExtent, font_);
    } else {
      layout_.color_bar =
          PlanColorBar(faces_.scale(), std::string(Describe(map_.metric).unit), plot.height, font_);
    }
    const double ticks = layout_.columns ? layout_.columns->label_width + 8 : 0;
    plot.x = kMargin + std::max(layout_.down.extent, ticks);
    double right = std::max(plot.right(), plot.right() + (layout_.across.width - cell_.width) / 2);
    if (layout_.rows) {
      layout_.rows_place = {plot.right() + kMarginGap + layout_.rows->label_width / 2, 0,
                            kMarginPanelExtent, plot.height};
      right = std::max(right, layout_.rows_place.right() + layout_.rows->label_width / 2);
    }
    if (layout_.color_bar) {
      right = std::max(right, plot.right() + kColorBarGap + layout_.color_bar->width(font_));
    }
    layout_.width = std::ceil(std::max(right + kMargin, kNarrowest));
  }

  void PlanDown() {
    const double inner_width = layout_.width - 2 * kMargin;
    layout_.header = PlanHeader(map_, caption_, font_, inner_width);
    layout_.header_place = {kMargin, kMargin - 8, inner_width, HeaderHeight(layout_.header)};
    const double above = layout_.rows ? std::max(kTitleOfRows, kAxisNameLine + kAxisNameGap)
                                      : kAxisNameLine + kAxisNameGap;
    layout_.plot.y = layout_.header_place.bottom() + kHeaderGap + above;
    layout_.rows_place.y = layout_.plot.y;
    double bottom = layout_.plot.bottom();
    if (layout_.columns) {
      const double title = kMarginTitleLine * static_cast<double>(layout_.columns->title.size());
      layout_.columns_place = {layout_.plot.x, bottom + kMarginTitleSpace + title + 6,
                               layout_.plot.width, kMarginPanelHeight};
      bottom = layout_.columns_place.bottom();
    }
    bottom += layout_.across.extent + kAxisNameBelow;
    if (layout_.rows) {
      bottom = std::max(bottom, layout_.plot.bottom() + kMarginTickLine + 6);
    }
    if (layout_.color_bar) {
      bottom = std::max(bottom, layout_.plot.y + layout_.color_bar->height + 8);
    }
    layout_.legend = PlanLegend(map_, faces_, marks_, reasons_, layout_.rows || layout_.columns,
                                {kMargin, bottom + kLegendGap}, inner_width, font_);
    if (!layout_.legend.empty()) bottom = layout_.legend.back().place.bottom();
    layout_.notes = WrapNotes(NoteTexts(), inner_width, font_);
    layout_.notes_corner = {kMargin, bottom};
    layout_.height = std::ceil(bottom + NotesHeight(layout_.notes) + kMargin - 8);
  }

  [[nodiscard]] std::vector<std::string> NoteTexts() const {
    std::vector<std::string> texts;
    for (const std::string& note : map_.notes) texts.push_back(Printable(note, false));
    std::vector<std::string> shown = texts;
    for (const std::string& text :
         {map_.title, caption_.model, caption_.ollama_version, caption_.hardware, caption_.date}) {
      shown.push_back(Printable(text, false));
    }
    if (auto note = SubstituteNote(font_, shown)) texts.push_back(std::move(*note));
    return texts;
  }

  template <class Draw>
  void ForEachCell(const Draw& draw) const {
    for (std::size_t row = 0; row < map_.row_count(); ++row) {
      for (std::size_t column = 0; column < map_.column_count(); ++column) {
        draw(CellBox({layout_.plot.x, layout_.plot.y}, cell_, row, column),
             map_.CellAt(row, column), map_.At(row, column));
      }
    }
  }

  template <class Test>
  [[nodiscard]] GridRegion RegionWhere(const Test& test) const {
    const double gap = HalfGap(cell_);
    GridRegion region{{layout_.plot.x - gap, layout_.plot.y - gap},
                      cell_.width,
                      cell_.height,
                      map_.column_count(),
                      map_.row_count(),
                      {}};
    for (const MapCell& cell : map_.cells) region.holds.push_back(test(cell));
    return region;
  }

  void DrawCells(SceneBuilder& scene) const {
    // Blank cells at the edge would leave open where the grid ends.
    const Box& plot = layout_.plot;
    const double gap = HalfGap(cell_);
    scene.Outline({plot.x - gap, plot.y - gap, plot.width, plot.height},
                  {palette::kUntestedLine, 1});
    ForEachCell([&](const Box& box, const Cell& cell, const MapCell& state) {
      scene.Fill(box, faces_.Of(state).fill, CellTitle(map_, cell, state));
    });
    for (const Pattern pattern :
         {Pattern::kOutOfMemory, Pattern::kExpectedToFail, Pattern::kEstimated}) {
      DrawArea(scene,
               RegionWhere([&](const MapCell& c) { return faces_.Of(c).pattern == pattern; }),
               pattern);
    }
    ForEachCell([&](const Box& box, const Cell& /*cell*/, const MapCell& state) {
      DrawPattern(scene, box, faces_.Of(state).pattern, !faces_.ShowsLoss());
    });
    if (faces_.ShowsLoss()) {
      DrawContenders(scene, RegionWhere([](const MapCell& c) { return c.is_contender; }));
    }
    const double number_size = NumberTextSize(number_width_, cell_);
    ForEachCell([&](const Box& box, const Cell& cell, const MapCell& state) {
      const CellFace face = faces_.Of(state);
      DrawMark(scene, box, marks_.Of(cell));
      DrawNumber(scene, box, face, number_size, marks_.Of(cell));
      DrawReason(scene, box, face, reasons_.Of(face.reason), reasons_.text_size());
    });
  }

  const SweepMap& map_;
  const SweepCaption& caption_;
  const Font& font_;
  CellFaces faces_;
  CellMarks marks_;
  double number_width_;
  CellSize cell_;
  ReasonLabels reasons_;
  Layout layout_;
};

}  // namespace

std::optional<NumberMode> NumberModeFromKey(std::string_view key) {
  if (key == "auto") return NumberMode::kAuto;
  if (key == "all") return NumberMode::kAll;
  if (key == "none") return NumberMode::kNone;
  return std::nullopt;
}

bool ShowsNumbers(NumberMode mode, PictureFormat format, std::size_t columns) {
  constexpr std::size_t kMostInSvg = 20;
  constexpr std::size_t kMost = 50;
  if (mode != NumberMode::kAuto) return mode == NumberMode::kAll;
  return columns <= (format == PictureFormat::kSvg ? kMostInSvg : kMost);
}

Scene LayOutHeatmap(std::span<const SweepMap> maps, const SweepCaption& caption,
                    const HeatmapStyle& style, const Font& font) {
  return HeatmapPainter(maps.front(), caption, style, font).Draw();
}

}  // namespace ollama_bench
