#include "ollama_bench/render/line_scene.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "heatmap_axes.h"
#include "heatmap_legend.h"
#include "heatmap_palette.h"
#include "heatmap_plot.h"
#include "line_marks.h"
#include "line_scales.h"
#include "ollama_bench/render/cell_text.h"
#include "picture_header.h"

namespace ollama_bench {
namespace {

constexpr double kPlotWidth = 820;
constexpr double kPlotHeight = 400;
constexpr double kNameDistance = 14;  // between the plot and the names of the lines
constexpr double kNameSize = 12;
constexpr double kNameLine = 16;
constexpr double kGapLine = 20;  // of the cells of a line without a value
constexpr double kGapBox = 15;
constexpr double kGapsTop = 4;  // between the plot and the first of these lines
constexpr const char* kGapName = "no value";

bool IsGap(const MapCell& cell) {
  return !cell.HasValue() && cell.kind != MapCell::Kind::kUntested;
}

// What is drawn of one row of the map.
struct Line {
  std::size_t row = 0;
  LineLook look;
  std::string name;              ///< empty for one alone
  std::optional<double> name_y;  ///< the middle of its name beside the plot; empty without a value
  std::optional<double> gaps_y;  ///< the middle of its cells without a value; empty where none is
};

struct Layout {
  PictureHeader header;
  Box header_place;
  ParameterScale across;
  MetricScale up;
  Box plot;
  double names_width = 0;
  std::vector<Line> lines;
  double gaps_bottom = 0;
  std::vector<LegendEntry> legend;
  std::vector<std::string> notes;
  Point notes_corner;
  double width = 0;
  double height = 0;
};

class LinePainter {
 public:
  LinePainter(const SweepMap& map, const SweepCaption& caption, const Font& font)
      : map_(map),
        maps_(&map, 1),
        caption_(caption),
        font_(font),
        faces_(maps_, HeatmapStyle()),
        marks_(maps_, faces_) {
    PlanAcross();
    reasons_.emplace(maps_, faces_, CellSize{GapBoxWidth(), kGapBox}, font);
    PlanDown();
  }

  Scene Draw() {
    SceneBuilder scene(font_);
    DrawHeader(scene, layout_.header, layout_.header_place);
    DrawMetricScale(scene, layout_.up, layout_.plot, MetricName());
    DrawParameterScale(scene, layout_.across, layout_.plot, layout_.gaps_bottom,
                       KeyOf(map_.grid.across.parameter));
    DrawGapsName(scene);
    for (const Line& line : layout_.lines) DrawBand(scene, line);
    DrawCurrentOffGrid(scene);
    for (const Line& line : layout_.lines) DrawLine(scene, line);
    for (const Line& line : layout_.lines) DrawPoints(scene, line);
    for (const Line& line : layout_.lines) DrawGaps(scene, line);
    DrawNames(scene);
    DrawLegend(scene, layout_.legend);
    DrawNotes(scene, layout_.notes, layout_.notes_corner, layout_.width - 2 * kMargin);
    return scene.Finish(layout_.width, layout_.height, SceneName(map_, caption_));
  }

 private:
  [[nodiscard]] bool IsAlone() const { return map_.row_count() == 1; }

  // What the header says of all lines.
  [[nodiscard]] Cell Held() const {
    const Axis& down = map_.grid.down;
    return IsAlone() ? map_.grid.fixed.With(down.parameter, down.values.front()) : map_.grid.fixed;
  }

  [[nodiscard]] std::string MetricName() const {
    std::string name(Describe(map_.metric).unit);
    if (layout_.up.low > 0) {
      name += fmt::format(" (the axis starts at {})", layout_.up.labels.front());
    }
    return name;
  }

  void PlanAcross() {
    layout_.across = PlanParameterScale(map_.grid.across, kPlotWidth, font_);
    layout_.up = PlanMetricScale(map_, font_);
    double labels = layout_.up.label_width;
    bool has_gaps = false;
    for (std::size_t row = 0; row < map_.row_count(); ++row) {
      Line line{row, LookOf(row, map_.row_count()), {}, {}, {}};
      if (!IsAlone()) {
        line.name = FormatValue(map_.grid.down.parameter, map_.grid.down.values[row]);
        layout_.names_width =
            std::max(layout_.names_width, std::ceil(font_.Width(line.name, kNameSize)));
      }
      layout_.lines.push_back(std::move(line));
    }
    has_gaps = std::any_of(map_.cells.begin(), map_.cells.end(), IsGap);
    if (has_gaps) labels = std::max(labels, std::ceil(font_.Width(kGapName, kScaleLabelSize)));
    if (!IsAlone()) {
      layout_.names_width =
          std::max(layout_.names_width,
                   std::ceil(font_.Width(KeyOf(map_.grid.down.parameter), kAxisNameSize)));
    }
    layout_.plot = {kMargin + labels + kScaleGap, 0, kPlotWidth, kPlotHeight};
    const double beside = IsAlone() ? 0 : kNameDistance + layout_.names_width;
    const double label_edge = layout_.across.label_width / 2;
    layout_.width = std::ceil(
        std::max(layout_.plot.right() + std::max(beside, label_edge) + kMargin, kNarrowest));
  }

  void PlanDown() {
    const double inner_width = layout_.width - 2 * kMargin;
    layout_.header = PlanHeader({map_.title, map_.metric, Held()}, caption_, font_, inner_width);
    layout_.header_place = {kMargin, kMargin - 8, inner_width, HeaderHeight(layout_.header)};
    layout_.plot.y = layout_.header_place.bottom() + kHeaderGap + kAxisNameLine + kAxisNameGap;
    PlaceNames();
    PlaceGaps();
    double bottom = layout_.gaps_bottom + kScaleGap + kScaleLabelLine + kAxisNameBelow;
    PlanLegend();
    PlaceLegend(layout_.legend, {kMargin, bottom + kLegendGap}, inner_width, font_);
    if (!layout_.legend.empty()) bottom = layout_.legend.back().place.bottom();
    layout_.notes = WrapNotes(NoteTexts(map_, caption_, font_), inner_width, font_);
    layout_.notes_corner = {kMargin, bottom};
    layout_.height = std::ceil(bottom + NotesHeight(layout_.notes) + kMargin - 8);
  }

  [[nodiscard]] std::optional<std::size_t> LastMeasured(std::size_t row) const {
    for (std::size_t column = map_.column_count(); column-- > 0;) {
      if (map_.At(row, column).HasValue()) return column;
    }
    return std::nullopt;
  }

  // Beside the ends of the lines, pushed apart where they would overlap.
  void PlaceNames() {
    if (IsAlone()) return;
    std::vector<Line*> named;
    for (Line& line : layout_.lines) {
      const auto last = LastMeasured(line.row);
      if (!last) continue;
      line.name_y = PointOf(line.row, *last).y;
      named.push_back(&line);
    }
    std::stable_sort(named.begin(), named.end(),
                     [](const Line* a, const Line* b) { return *a->name_y < *b->name_y; });
    double lowest = layout_.plot.y + kNameLine / 2;
    for (Line* line : named) {
      line->name_y = std::max(*line->name_y, lowest);
      lowest = *line->name_y + kNameLine;
    }
    double highest = layout_.plot.bottom() - kNameLine / 2;
    for (auto line = named.rbegin(); line != named.rend(); ++line) {
      (*line)->name_y = std::min(*(*line)->name_y, highest);
      highest = *(*line)->name_y - kNameLine;
    }
  }

  void PlaceGaps() {
    layout_.gaps_bottom = layout_.plot.bottom();
    for (Line& line : layout_.lines) {
      for (std::size_t column = 0; column < map_.column_count() && !line.gaps_y; ++column) {
        if (!IsGap(map_.At(line.row, column))) continue;
        if (layout_.gaps_bottom == layout_.plot.bottom()) layout_.gaps_bottom += kGapsTop;
        line.gaps_y = layout_.gaps_bottom + kGapLine / 2;
        layout_.gaps_bottom += kGapLine;
      }
    }
  }

  [[nodiscard]] double GapBoxWidth() const {
    return std::min(kGapBox, std::max(1.0, layout_.across.distance - 1));
  }

  [[nodiscard]] Point PointOf(std::size_t column, double value) const {
    return {layout_.plot.x + layout_.across.places[column],
            layout_.plot.bottom() - layout_.plot.height * layout_.up.ShareOf(value)};
  }

  [[nodiscard]] Point PointOf(std::size_t row, std::size_t column) const {
    return PointOf(column, map_.At(row, column).value);
  }

  void AddEntry(std::string text, std::function<void(SceneBuilder&, Point)> draw) {
    layout_.legend.push_back({[draw = std::move(draw)](SceneBuilder& scene, const Box& box) {
                                draw(scene, {box.x + box.width / 2, box.y + box.height / 2});
                              },
                              std::move(text),
                              {}});
  }

  void PlanLegend() {
    for (const MarkText& text : MarkTexts(maps_, faces_, marks_)) {
      const bool is_level = text.mark == CellMark::kCurrent && map_.current_off_grid &&
                            map_.current_off_grid->HasValue();
      AddEntry(text.text, [is_level, mark = text.mark](SceneBuilder& scene, Point middle) {
        if (is_level) {
          scene.Line({middle.x - 14, middle.y}, {middle.x + 14, middle.y},
                     {palette::kOutline, 1.5, 4});
        } else {
          DrawPointMark(scene, middle, mark);
        }
      });
    }
    const auto contenders = std::count_if(map_.cells.begin(), map_.cells.end(),
                                          [](const MapCell& cell) { return cell.is_contender; });
    const LineLook look = layout_.lines.front().look;
    if (contenders > 0) {
      AddEntry(fmt::format("may be the best (95 %): {}", contenders),
               [look](SceneBuilder& scene, Point middle) {
                 DrawPoint(scene, middle, look);
                 DrawRing(scene, middle);
               });
    }
    if (std::any_of(map_.cells.begin(), map_.cells.end(),
                    [](const MapCell& cell) { return cell.HasValue(); })) {
      AddEntry("mean with its 95 % CI", [look](SceneBuilder& scene, Point middle) {
        scene.Fill({middle.x - 14, middle.y - 7, 28, 14}, look.band);
        scene.Line({middle.x - 14, middle.y}, {middle.x + 14, middle.y}, {look.ink, 2});
        DrawPoint(scene, middle, look);
      });
    }
    AddGapEntries(layout_.legend, maps_, faces_, *reasons_);
  }

  void DrawGapsName(SceneBuilder& scene) const {
    const Box& plot = layout_.plot;
    if (layout_.gaps_bottom == plot.bottom()) return;
    scene.Text({kMargin, plot.bottom() + kGapsTop, plot.x - kScaleGap - kMargin, kGapLine},
               kGapName, {kScaleLabelSize, palette::kText, Anchor::kEnd});
  }

  // The parts of a line between neighbours that were measured.
  [[nodiscard]] std::vector<std::vector<std::size_t>> RunsOf(std::size_t row) const {
    std::vector<std::vector<std::size_t>> runs(1);
    for (std::size_t column = 0; column < map_.column_count(); ++column) {
      const bool is_auto = map_.grid.across.values[column] == kAutoValue;
      if (!map_.At(row, column).HasValue() || is_auto || !layout_.across.is_connected) {
        runs.emplace_back();
      } else {
        runs.back().push_back(column);
      }
    }
    std::erase_if(runs, [](const auto& run) { return run.size() < 2; });
    return runs;
  }

  void DrawBand(SceneBuilder& scene, const Line& line) const {
    for (const auto& run : RunsOf(line.row)) {
      Polyline lower;
      Polyline band;
      for (const std::size_t column : run) {
        band.push_back(PointOf(column, map_.At(line.row, column).high));
        lower.push_back(PointOf(column, map_.At(line.row, column).low));
      }
      band.insert(band.end(), lower.rbegin(), lower.rend());
      scene.Path({{band}, true, line.look.band, std::nullopt});
    }
  }

  void DrawCurrentOffGrid(SceneBuilder& scene) const {
    if (!map_.current_off_grid || !map_.current_off_grid->HasValue()) return;
    const double y = PointOf(0, map_.current_off_grid->value).y;
    scene.Line({layout_.plot.x, y}, {layout_.plot.right(), y}, {palette::kOutline, 1.5, 4});
  }

  void DrawLine(SceneBuilder& scene, const Line& line) const {
    std::vector<Polyline> parts;
    for (const auto& run : RunsOf(line.row)) {
      parts.emplace_back();
      for (const std::size_t column : run) parts.back().push_back(PointOf(line.row, column));
    }
    scene.Path({std::move(parts), false, std::nullopt, Stroke{line.look.ink, 2}});
  }

  // Each with its interval, which says what it is when the pointer rests on it.
  void DrawPoints(SceneBuilder& scene, const Line& line) const {
    constexpr double kShortest = 10;
    for (std::size_t column = 0; column < map_.column_count(); ++column) {
      const MapCell& state = map_.At(line.row, column);
      if (!state.HasValue()) continue;
      const Cell cell = map_.CellAt(line.row, column);
      const Point middle = PointOf(line.row, column);
      const double top = std::min(PointOf(column, state.high).y, middle.y - kShortest / 2);
      const double bottom = std::max(PointOf(column, state.low).y, middle.y + kShortest / 2);
      scene.Fill({middle.x - 0.75, top, 1.5, bottom - top}, line.look.ink,
                 CellTitle(map_.metric, cell, state));
      const CellMark mark = marks_.Of(cell);
      if (mark == CellMark::kNone) {
        DrawPoint(scene, middle, line.look);
        if (state.is_contender) DrawRing(scene, middle);
      } else {
        DrawPointMark(scene, middle, mark);
      }
    }
  }

  void DrawGaps(SceneBuilder& scene, const Line& line) const {
    if (!line.gaps_y) return;
    const double width = GapBoxWidth();
    for (std::size_t column = 0; column < map_.column_count(); ++column) {
      const MapCell& state = map_.At(line.row, column);
      if (!IsGap(state)) continue;
      const double x = layout_.plot.x + layout_.across.places[column];
      const Box box{x - width / 2, *line.gaps_y - kGapBox / 2, width, kGapBox};
      const CellFace face = faces_.Of(state);
      scene.Fill(box, face.fill, CellTitle(map_.metric, map_.CellAt(line.row, column), state));
      DrawArea(scene, {{box.x, box.y}, box.width, box.height, 1, 1, {true}}, face.pattern);
      DrawPattern(scene, box, face.pattern, /*is_loud=*/false);
      DrawReason(scene, box, face, reasons_->Of(face.reason), reasons_->text_size());
    }
  }

  void DrawNames(SceneBuilder& scene) const {
    if (IsAlone()) return;
    const double x = layout_.plot.right() + kNameDistance;
    const auto name = [&](const Line& line, double y) {
      scene.Text({x, y - kNameLine / 2, layout_.names_width, kNameLine}, line.name,
                 {kNameSize, line.look.ink});
    };
    for (const Line& line : layout_.lines) {
      if (line.gaps_y) name(line, *line.gaps_y);
      if (!line.name_y) continue;
      const Point end = PointOf(line.row, *LastMeasured(line.row));
      scene.Line({end.x + 8, end.y}, {x - 3, *line.name_y}, {line.look.ink, 1, 2});
      name(line, *line.name_y);
    }
    scene.Text(
        {x, layout_.plot.y - kAxisNameGap - kAxisNameLine, layout_.names_width, kAxisNameLine},
        KeyOf(map_.grid.down.parameter), {kAxisNameSize, palette::kQuiet});
  }

  const SweepMap& map_;
  std::span<const SweepMap> maps_;
  const SweepCaption& caption_;
  const Font& font_;
  CellFaces faces_;
  CellMarks marks_;
  std::optional<ReasonLabels> reasons_;
  Layout layout_;
};

}  // namespace

Scene LayOutLines(const SweepMap& map, const SweepCaption& caption, const Font& font) {
  return LinePainter(map, caption, font).Draw();
}

}  // namespace ollama_bench
