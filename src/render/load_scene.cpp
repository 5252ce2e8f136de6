#include "ollama_bench/render/load_scene.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include "heatmap_palette.h"
#include "heatmap_plot.h"
#include "line_marks.h"
#include "line_scales.h"
#include "load_panels.h"
#include "ollama_bench/render/load_text.h"
#include "panel_grid.h"
#include "picture_header.h"
#include "series_names.h"

namespace ollama_bench {
namespace {

constexpr std::size_t kColumns = 3;
constexpr double kP95 = 0.95;

// "concurrency 4", "4 to 8", or "above 8".
std::string KneeText(const LoadSeries& series) {
  const Knee& knee = *series.knee;
  if (!knee.high) return fmt::format("above {}", knee.concurrency);
  if (*knee.high == knee.concurrency) return std::to_string(knee.concurrency);
  return fmt::format("{} to {}", knee.concurrency, *knee.high);
}

class LoadPainter {
 public:
  LoadPainter(const std::vector<LoadSeries>& series, const SweepCaption& caption,
              const std::vector<std::string>& notes, const Font& font)
      : series_(series),
        caption_(caption),
        font_(font),
        levels_(LevelsOf(series)),
        traffic_(levels_.parameter),
        shared_(SharedBySeries(series)),
        panels_(LoadPanelsOf(series, levels_, font)),
        notes_(notes) {
    AddNotes();
    Place();
  }

  Scene Draw() {
    SceneBuilder scene(font_);
    DrawHeader(scene, header_, header_place_);
    for (std::size_t i = 0; i < panels_.size(); ++i) DrawPanel(scene, panels_[i], grid_.places[i]);
    DrawLegend(scene, legend_);
    DrawNotes(scene, note_lines_, notes_corner_, width_ - 2 * kMargin);
    const std::string model = caption_.model.empty() ? "" : caption_.model + ": ";
    return scene.Finish(width_, height_,
                        fmt::format("{}load by {}. {}", model, KeyOf(traffic_), title_));
  }

 private:
  // Range of a count over the levels: "72" or "72 to 96".
  template <class Count>
  [[nodiscard]] std::string RangeOf(const Count& count) const {
    std::optional<std::pair<std::int64_t, std::int64_t>> range;
    for (const LoadSeries& series : series_) {
      for (const LevelEstimate& level : series.levels) {
        const auto value = static_cast<std::int64_t>(count(level));
        if (!range) range = {value, value};
        range = {std::min(range->first, value), std::max(range->second, value)};
      }
    }
    if (range->first == range->second) return std::to_string(range->first);
    return fmt::format("{} to {}", range->first, range->second);
  }

  void AddNotes() {
    notes_.push_back(
        fmt::format("Windows of a level: {}; requests measured at a level: {}.",
                    RangeOf([](const LevelEstimate& level) { return level.windows; }),
                    RangeOf([](const LevelEstimate& level) { return level.requests; })));
    bool has_gap = false;
    for (const LoadSeries& series : series_) {
      for (const LevelEstimate& level : series.levels) {
        has_gap = has_gap || (level.e2e.p50 && !level.e2e.p95);
      }
    }
    if (has_gap) {
      notes_.push_back(
          fmt::format("A p95 needs {} requests of a level; it is not drawn where there "
                      "are fewer.",
                      FewestForQuantile(kP95)));
    }
    AddFailedChecks();
  }

  void AddFailedChecks() {
    std::vector<std::string> failed;
    for (const LoadSeries& series : series_) {
      for (const LevelEstimate& level : series.levels) {
        for (const auto& [check, passed] : AllOf(level.checks)) {
          if (passed == false)
            failed.push_back(fmt::format("{} ({})", DescribeCell(level.cell), check));
        }
      }
    }
    if (failed.empty()) return;
    notes_.push_back(fmt::format("A check of validity failed at {}.", fmt::join(failed, "; ")));
  }

  [[nodiscard]] std::string Title() const {
    if (series_.size() == 1) {
      std::string text = LoadSentences(series_.front());
      if (!text.empty()) return text;
    }
    std::vector<std::string> knees;
    for (const LoadSeries& series : series_) {
      if (!series.knee) continue;
      knees.push_back(
          fmt::format("{} for {}", KneeText(series), NameBeside(series.common, shared_)));
    }
    if (knees.empty()) return fmt::format("Load by {}.", KeyOf(traffic_));
    return fmt::format("Knee of the output throughput at concurrency {}.", fmt::join(knees, "; "));
  }

  void Place() {
    across_ = PlanParameterScale(levels_, kPanelWidth, font_);
    std::vector<PanelRoom> rooms;
    for (const LoadPanel& panel : panels_) rooms.push_back({panel.up.label_width, 0});
    grid_ = PlacePanels(rooms, kColumns);
    width_ = grid_.width;
    const double inner_width = width_ - 2 * kMargin;
    title_ = Title();
    header_ = PlanHeader({title_, std::nullopt, shared_}, caption_, font_, inner_width);
    header_place_ = {kMargin, kMargin - 8, inner_width, HeaderHeight(header_)};
    const double top = header_place_.bottom() + kHeaderGap;
    grid_.MoveDown(top);
    double bottom = top + grid_.height;
    PlanLegend();
    PlaceLegend(legend_, {kMargin, bottom + kLegendGap}, inner_width, font_);
    bottom = legend_.back().place.bottom();
    note_lines_ = WrapNotes(notes_, inner_width, font_);
    notes_corner_ = {kMargin, bottom};
    height_ = std::ceil(bottom + NotesHeight(note_lines_) + kMargin - 8);
  }

  [[nodiscard]] LineLook LookOfLine(const PanelLine& line) const {
    const LineLook look = LookOf(line.series, series_.size());
    return line.kind == PanelLine::Kind::kP95 ? WithOpenPoints(look) : look;
  }

  void AddEntry(std::string text, std::function<void(SceneBuilder&, const Box&)> draw) {
    legend_.push_back({std::move(draw), std::move(text), {}});
  }

  void PlanLegend() {
    if (series_.size() > 1) {
      for (std::size_t i = 0; i < series_.size(); ++i) {
        AddEntry(NameBeside(series_[i].common, shared_), SampleOf(LookOf(i, series_.size()), 0));
      }
    }
    const bool is_alone = series_.size() == 1;
    AddEntry(is_alone ? "mean or p50 with its 95 % CI" : "solid: mean or p50, with its 95 % CI",
             SampleOf(LookOfLine({0, PanelLine::Kind::kP50, {}}), 0));
    AddEntry(is_alone ? "p95 with its 95 % CI" : "dashed: p95, with its 95 % CI",
             SampleOf(LookOfLine({0, PanelLine::Kind::kP95, {}}), kDash));
    if (std::any_of(series_.begin(), series_.end(), HasKnee)) {
      AddEntry("knee: the last level that raises output throughput significantly",
               [](SceneBuilder& scene, const Box& box) {
                 DrawPointMark(scene, {box.x + box.width / 2, box.y + box.height / 2},
                               CellMark::kRecommended);
               });
    }
  }

  // One that is no end of what was measured.
  static bool HasKnee(const LoadSeries& series) { return series.knee && series.knee->high; }

  void DrawPanel(SceneBuilder& scene, const LoadPanel& panel, const PanelPlace& place) const {
    const Box& plot = place.plot;
    DrawPanelScales(scene, place, panel.up, across_, KeyOf(traffic_));
    DrawPanelName(scene, place, panel.Name());
    if (panel.IsEmpty()) {
      DrawEmptyPanel(scene, place, "not known");
      return;
    }
    DrawKneeLine(scene, plot);
    for (const PanelLine& line : panel.lines) DrawBand(scene, panel, plot, line);
    for (const PanelLine& line : panel.lines) DrawLine(scene, panel, plot, line);
    for (const PanelLine& line : panel.lines) DrawPoints(scene, panel, plot, line);
  }

  void DrawKneeLine(SceneBuilder& scene, const Box& plot) const {
    if (series_.size() != 1) return;
    const auto column = KneeColumn(series_.front());
    if (!column) return;
    const double x = plot.x + across_.places[*column];
    scene.Line({x, plot.y}, {x, plot.bottom()}, {palette::kRecommended, 1, 3});
  }

  [[nodiscard]] std::optional<std::size_t> KneeColumn(const LoadSeries& series) const {
    if (!HasKnee(series)) return std::nullopt;
    for (const LevelEstimate& level : series.levels) {
      if (level.cell[traffic_] == series.knee->concurrency) return ColumnOf(levels_, level);
    }
    return std::nullopt;
  }

  // The place of a value of the point's.
  [[nodiscard]] Point At(const LoadPanel& panel, const Box& plot, const PanelPoint& point,
                         double value) const {
    return {plot.x + across_.places[point.column],
            plot.bottom() - plot.height * panel.up.ShareOf(value)};
  }

  void DrawBand(SceneBuilder& scene, const LoadPanel& panel, const Box& plot,
                const PanelLine& line) const {
    if (line.points.size() < 2) return;
    Polyline band;
    Polyline lower;
    for (const PanelPoint& point : line.points) {
      band.push_back(At(panel, plot, point, point.value.high));
      lower.push_back(At(panel, plot, point, point.value.low));
    }
    band.insert(band.end(), lower.rbegin(), lower.rend());
    scene.Path({{band}, true, LookOfLine(line).band, std::nullopt});
  }

  void DrawLine(SceneBuilder& scene, const LoadPanel& panel, const Box& plot,
                const PanelLine& line) const {
    if (line.points.size() < 2) return;
    Polyline through;
    for (const PanelPoint& point : line.points) {
      through.push_back(At(panel, plot, point, point.value.value));
    }
    const double dash = line.kind == PanelLine::Kind::kP95 ? kDash : 0;
    scene.Path({{through}, false, std::nullopt, Stroke{LookOfLine(line).ink, kLineWidth, dash}});
  }

  // Each with its interval, which says what it is when the pointer rests on it.
  void DrawPoints(SceneBuilder& scene, const LoadPanel& panel, const Box& plot,
                  const PanelLine& line) const {
    const LineLook look = LookOfLine(line);
    const bool is_throughput = &panel == &panels_.front();
    const auto knee = is_throughput ? KneeColumn(series_[line.series]) : std::nullopt;
    for (const PanelPoint& point : line.points) {
      const Point middle = At(panel, plot, point, point.value.value);
      DrawInterval(scene, middle, At(panel, plot, point, point.value.low).y,
                   At(panel, plot, point, point.value.high).y, look, TitleOf(panel, line, point));
      if (knee == point.column) {
        DrawPointMark(scene, middle, CellMark::kRecommended);
      } else {
        DrawPoint(scene, middle, look);
      }
    }
  }

  [[nodiscard]] std::string TitleOf(const LoadPanel& panel, const PanelLine& line,
                                    const PanelPoint& point) const {
    static constexpr std::array<std::string_view, 3> kKinds = {"mean", "p50", "p95"};
    const Cell cell = series_[line.series].common.With(traffic_, levels_.values[point.column]);
    std::string title =
        fmt::format("{}: {} {} {:.4g} {}", DescribeCell(cell), panel.figure,
                    kKinds.at(static_cast<std::size_t>(line.kind)), point.value.value, panel.unit);
    if (point.has_interval) {
      title += fmt::format(", 95 % CI [{:.4g}, {:.4g}]", point.value.low, point.value.high);
    }
    return title;
  }

  const std::vector<LoadSeries>& series_;
  const SweepCaption& caption_;
  const Font& font_;
  Axis levels_;
  Parameter traffic_;
  Cell shared_;
  std::vector<LoadPanel> panels_;
  PanelGrid grid_;
  ParameterScale across_;
  std::string title_;
  PictureHeader header_;
  Box header_place_;
  std::vector<LegendEntry> legend_;
  std::vector<std::string> notes_;
  std::vector<std::string> note_lines_;
  Point notes_corner_;
  double width_ = 0;
  double height_ = 0;
};

}  // namespace

Scene LayOutLoad(const std::vector<LoadSeries>& series, const SweepCaption& caption,
                 const std::vector<std::string>& notes, const Font& font) {
  return LoadPainter(series, caption, notes, font).Draw();
}

}  // namespace ollama_bench
