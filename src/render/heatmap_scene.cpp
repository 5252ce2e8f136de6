#include "ollama_bench/render/heatmap_scene.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "color_bar.h"
#include "facets.h"
#include "heatmap_axes.h"
#include "heatmap_cell.h"
#include "heatmap_legend.h"
#include "heatmap_palette.h"
#include "heatmap_plot.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/render/cell_text.h"
#include "picture_header.h"
#include "text_fit.h"

namespace ollama_bench {
namespace {

constexpr double kMarginGap = 20;        // between the plot and the means beside it
constexpr double kMarginTitleSpace = 8;  // around the title of the means below it
constexpr double kTitleOfRows = 2 * kMarginTitleLine + 8;
constexpr double kTickDistance = 8;  // between the plot and the ticks of the means below it
constexpr std::size_t kMostWithMargins = 12;  // tables with means of their own

std::vector<Grid> GridsOf(std::span<const SweepMap> maps) {
  std::vector<Grid> grids;
  for (const SweepMap& map : maps) grids.push_back(map.grid);
  return grids;
}

// The means of the tables' rows or columns: one for all where they do not differ, else one for
// each, but none where there are too many tables.
std::vector<MarginEffects> EffectsOf(std::span<const SweepMap> maps,
                                     MarginEffects SweepMap::*side) {
  std::vector<MarginEffects> effects;
  for (const SweepMap& map : maps) effects.push_back(map.*side);
  const bool are_equal = std::all_of(effects.begin(), effects.end(),
                                     [&](const auto& other) { return other == effects.front(); });
  if (are_equal) return {effects.front()};
  return effects.size() > kMostWithMargins ? std::vector<MarginEffects>() : effects;
}

// How the parts of the picture lie. Planned from left to right, then from top to bottom.
struct Layout {
  PictureHeader header;
  AxisLabels across;
  AxisLabels down;
  std::optional<ColorBar> color_bar;
  std::vector<MarginPanel> rows;  ///< one for all tables, or one each
  std::vector<MarginPanel> columns;
  std::vector<LegendEntry> legend;
  std::vector<std::string> notes;
  Point notes_corner;
  Box header_place;
  std::vector<Box> plots;
  std::vector<Box> rows_places;
  std::vector<Box> columns_places;
  FacetFrame frame;
  double width = 0;
  double height = 0;
};

class HeatmapPainter {
 public:
  HeatmapPainter(std::span<const SweepMap> maps, const SweepCaption& caption,
                 const HeatmapStyle& style, const Font& font)
      : maps_(maps),
        grids_(GridsOf(maps)),
        caption_(caption),
        font_(font),
        faces_(maps, style),
        marks_(maps, faces_),
        row_effects_(EffectsOf(maps, &SweepMap::rows)),
        column_effects_(EffectsOf(maps, &SweepMap::columns)),
        facets_(ChooseFacets(grids_, faces_.NumberWidth(font), RoomBeside())),
        number_width_(facets_.has_numbers ? faces_.NumberWidth(font) : 0),
        plot_width_(facets_.cell.width * static_cast<double>(maps.front().column_count())),
        plot_height_(facets_.cell.height * static_cast<double>(maps.front().row_count())),
        headings_(grids_, plot_width_, font),
        reasons_(maps, faces_, facets_.cell, font) {
    PlanAcross();
    PlanDown();
  }

  Scene Draw() {
    SceneBuilder scene(font_);
    DrawHeader(scene, layout_.header, layout_.header_place);
    DrawAxes(scene);
    for (std::size_t i = 0; i < layout_.rows.size(); ++i) {
      DrawRowMargin(scene, layout_.rows[i], layout_.rows_places[i]);
    }
    for (std::size_t i = 0; i < layout_.columns.size(); ++i) {
      DrawColumnMargin(scene, layout_.columns[i], layout_.columns_places[i]);
    }
    if (layout_.color_bar) {
      DrawColorBar(scene, *layout_.color_bar, faces_.scale(),
                   {layout_.frame.right + kColorBarGap, layout_.plots.front().y});
    }
    for (std::size_t i = 0; i < maps_.size(); ++i) {
      headings_.Draw(scene, i, layout_.plots[i]);
      DrawCells(scene, maps_[i], layout_.plots[i]);
    }
    DrawLegend(scene, layout_.legend);
    DrawNotes(scene, layout_.notes, layout_.notes_corner, layout_.width - 2 * kMargin);
    return scene.Finish(layout_.width, layout_.height, SceneName(maps_.front(), caption_));
  }

 private:
  [[nodiscard]] bool IsAlone() const { return maps_.size() == 1; }
  [[nodiscard]] const Grid& grid() const { return grids_.front(); }

  // About.
  [[nodiscard]] FacetRoom RoomBeside() const {
    constexpr double kTicks = 32;
    FacetRoom room{kFacetGap, kAxisNameLine + kAxisNameGap + 2 * kAxisNameBelow + kFacetRowGap};
    if (!faces_.ShowsLoss()) return room;
    if (row_effects_.size() > 1) room.width += kMarginGap + kMarginPanelExtent + kTicks;
    if (column_effects_.size() > 1) {
      room.width += kTicks;
      room.height += kMarginPanelHeight + kTitleOfRows;
    }
    return room;
  }

  void PlanMarginsAndBar() {
    if (faces_.ShowsLoss()) {
      layout_.columns = PlanMargins(column_effects_, MarginSide::kColumns, plot_width_, font_);
      layout_.rows = PlanMargins(row_effects_, MarginSide::kRows, kMarginPanelExtent, font_);
    } else {
      layout_.color_bar = PlanColorBar(
          faces_.scale(), std::string(Describe(maps_.front().metric).unit), plot_height_, font_);
    }
  }

  void PlanFrame() {
    const double ticks =
        layout_.columns.empty() ? 0 : layout_.columns.front().label_width + kTickDistance;
    double beside = layout_.columns.size() > 1 ? ticks : 0;
    if (layout_.rows.size() > 1) {
      beside += kMarginGap + kMarginPanelExtent + layout_.rows.front().label_width;
    }
    layout_.frame = PlanFacetsAcross(facets_, grid().across, layout_.across, headings_,
                                     kMargin + std::max(layout_.down.extent, ticks), beside, font_);
  }

  void PlanAcross() {
    layout_.across = PlanAcrossLabels(grid().across, facets_.cell.width, font_);
    layout_.down = PlanDownLabels(grid().down, facets_.cell.height, font_);
    PlanMarginsAndBar();
    PlanFrame();
    const double last_plot =
        layout_.frame.Corner(facets_.columns - 1, facets_.columns).x + plot_width_;
    double right =
        std::max(layout_.frame.right, last_plot + (layout_.across.width - facets_.cell.width) / 2);
    if (!layout_.rows.empty()) {
      const double edge = layout_.rows.size() == 1 ? layout_.frame.right : last_plot;
      right = std::max(right,
                       edge + kMarginGap + kMarginPanelExtent + layout_.rows.front().label_width);
    }
    if (layout_.color_bar) {
      right = std::max(right, layout_.frame.right + kColorBarGap + layout_.color_bar->width(font_));
    }
    layout_.width = std::ceil(std::max(right + kMargin, kNarrowest));
  }

  // The means of the columns are below each table, or below all.
  [[nodiscard]] bool HasOwnColumns() const {
    return layout_.columns.size() > 1 || (IsAlone() && !layout_.columns.empty());
  }

  [[nodiscard]] double ColumnMarginHeight() const {
    if (layout_.columns.empty()) return 0;
    const double title =
        kMarginTitleLine * static_cast<double>(layout_.columns.front().title.size());
    return kMarginTitleSpace + title + 6 + kMarginPanelHeight;
  }

  void PlaceMargins() {
    for (std::size_t i = 0; i < layout_.rows.size(); ++i) {
      const Box& plot = layout_.plots[i];
      const double edge = layout_.rows.size() == 1 ? layout_.frame.right : plot.right();
      layout_.rows_places.push_back({edge + kMarginGap + layout_.rows[i].label_width / 2, plot.y,
                                     kMarginPanelExtent, plot.height});
    }
    for (std::size_t i = 0; i < layout_.columns.size(); ++i) {
      const std::size_t of = HasOwnColumns() ? i : (facets_.rows - 1) * facets_.columns;
      const Box& plot = layout_.plots[of];
      double bottom = plot.bottom() + ColumnMarginHeight();
      if (!HasOwnColumns()) bottom += layout_.across.extent + kAxisNameBelow;
      layout_.columns_places.push_back(
          {plot.x, bottom - kMarginPanelHeight, plot.width, kMarginPanelHeight});
    }
  }

  // Returns where the tables with all that is below them end.
  double PlaceTables(double top) {
    const double above = std::max({kAxisNameLine + kAxisNameGap, headings_.height(),
                                   layout_.rows.empty() ? 0.0 : kTitleOfRows});
    double below = layout_.across.extent + kAxisNameBelow;
    if (HasOwnColumns()) below += ColumnMarginHeight();
    layout_.frame.top = top + above;
    layout_.frame.pitch_y = above + plot_height_ + below + kFacetRowGap;
    for (std::size_t i = 0; i < maps_.size(); ++i) {
      const Point corner = layout_.frame.Corner(i, facets_.columns);
      layout_.plots.push_back({corner.x, corner.y, plot_width_, plot_height_});
    }
    PlaceMargins();
    const double bottom = layout_.plots.back().bottom() + below;
    return HasOwnColumns() ? bottom : bottom + ColumnMarginHeight();
  }

  void PlanDown() {
    const double inner_width = layout_.width - 2 * kMargin;
    const SweepMap& first = maps_.front();
    layout_.header =
        PlanHeader({first.title, first.metric, HeldByAll(grids_)}, caption_, font_, inner_width);
    layout_.header_place = {kMargin, kMargin - 8, inner_width, HeaderHeight(layout_.header)};
    double bottom = PlaceTables(layout_.header_place.bottom() + kHeaderGap);
    if (layout_.color_bar) {
      bottom = std::max(bottom, layout_.plots.front().y + layout_.color_bar->height + 8);
    }
    layout_.legend = HeatmapLegend(maps_, faces_, marks_, reasons_, Margins());
    PlaceLegend(layout_.legend, {kMargin, bottom + kLegendGap}, inner_width, font_);
    if (!layout_.legend.empty()) bottom = layout_.legend.back().place.bottom();
    layout_.notes = WrapNotes(NoteTexts(first, caption_, font_), inner_width, font_);
    layout_.notes_corner = {kMargin, bottom};
    layout_.height = std::ceil(bottom + NotesHeight(layout_.notes) + kMargin - 8);
  }

  [[nodiscard]] MarginScope Margins() const {
    if (layout_.rows.empty() && layout_.columns.empty()) return MarginScope::kNone;
    const bool is_of_all = !IsAlone() && std::max(layout_.rows.size(), layout_.columns.size()) == 1;
    return is_of_all ? MarginScope::kAll : MarginScope::kEach;
  }

  void DrawAxes(SceneBuilder& scene) const {
    for (std::size_t i = 0; i < layout_.plots.size(); ++i) {
      const Box& plot = layout_.plots[i];
      if (i % facets_.columns == 0) DrawAxisDown(scene, grid().down, layout_.down, plot);
      Box labelled = plot;
      if (HasOwnColumns()) {
        labelled.height = layout_.columns_places[i].bottom() - labelled.y;
      }
      DrawAxisAcross(scene, grid().across, layout_.across, labelled);
    }
  }

  template <class Draw>
  void ForEachCell(const SweepMap& map, const Box& plot, const Draw& draw) const {
    for (std::size_t row = 0; row < map.row_count(); ++row) {
      for (std::size_t column = 0; column < map.column_count(); ++column) {
        draw(CellBox({plot.x, plot.y}, facets_.cell, row, column), map.CellAt(row, column),
             map.At(row, column));
      }
    }
  }

  template <class Test>
  [[nodiscard]] GridRegion RegionWhere(const SweepMap& map, const Box& plot,
                                       const Test& test) const {
    const double gap = HalfGap(facets_.cell);
    GridRegion region{{plot.x - gap, plot.y - gap}, facets_.cell.width, facets_.cell.height,
                      map.column_count(),           map.row_count(),    {}};
    for (const MapCell& cell : map.cells) region.holds.push_back(test(cell));
    return region;
  }

  void DrawCells(SceneBuilder& scene, const SweepMap& map, const Box& plot) const {
    // Blank cells at the edge would leave open where the grid ends.
    const double gap = HalfGap(facets_.cell);
    scene.Outline({plot.x - gap, plot.y - gap, plot.width, plot.height},
                  {palette::kUntestedLine, 1});
    ForEachCell(map, plot, [&](const Box& box, const Cell& cell, const MapCell& state) {
      scene.Fill(box, faces_.Of(state).fill, CellTitle(map.metric, cell, state));
    });
    for (const Pattern pattern :
         {Pattern::kOutOfMemory, Pattern::kExpectedToFail, Pattern::kEstimated}) {
      const auto has_pattern = [&](const MapCell& c) { return faces_.Of(c).pattern == pattern; };
      DrawArea(scene, RegionWhere(map, plot, has_pattern), pattern);
    }
    ForEachCell(map, plot, [&](const Box& box, const Cell& /*cell*/, const MapCell& state) {
      DrawPattern(scene, box, faces_.Of(state).pattern, !faces_.ShowsLoss());
    });
    if (faces_.ShowsLoss()) {
      DrawContenders(scene,
                     RegionWhere(map, plot, [](const MapCell& c) { return c.is_contender; }));
    }
    const double number_size = NumberTextSize(number_width_, facets_.cell);
    ForEachCell(map, plot, [&](const Box& box, const Cell& cell, const MapCell& state) {
      const CellFace face = faces_.Of(state);
      DrawMark(scene, box, marks_.Of(cell));
      DrawNumber(scene, box, face, number_size, marks_.Of(cell));
      DrawReason(scene, box, face, reasons_.Of(face.reason), reasons_.text_size());
    });
  }

  std::span<const SweepMap> maps_;
  std::vector<Grid> grids_;
  const SweepCaption& caption_;
  const Font& font_;
  CellFaces faces_;
  CellMarks marks_;
  std::vector<MarginEffects> row_effects_;
  std::vector<MarginEffects> column_effects_;
  FacetLayout facets_;
  double number_width_;
  double plot_width_;
  double plot_height_;
  FacetHeadings headings_;
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
  return HeatmapPainter(maps, caption, style, font).Draw();
}

}  // namespace ollama_bench
