#include "ollama_bench/render/load_scene.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include "heatmap_axes.h"
#include "heatmap_palette.h"
#include "heatmap_plot.h"
#include "line_marks.h"
#include "line_scales.h"
#include "load_panels.h"
#include "ollama_bench/render/load_text.h"
#include "picture_header.h"

namespace ollama_bench {
namespace {

constexpr std::size_t kColumns = 3;
constexpr std::size_t kPanels = 6;
constexpr double kPlotWidth = 380;
constexpr double kPlotHeight = 240;
constexpr double kColumnGap = 34;
constexpr double kRowGap = 26;
constexpr double kDash = 5;  // of the p95
constexpr double kLineWidth = 2;
constexpr double kShortest = 10;        // of an interval
constexpr std::size_t kOpenShapes = 4;  // from this shape on, points are open (line_marks.h)
constexpr double kP95 = 0.95;

/// Where a panel is.
struct PanelPlace {
  double left = 0;  ///< of its labels
  Box plot;
};

// What all series have in common.
Cell SharedBy(const std::vector<LoadSeries>& all) {
  Cell shared = all.front().common;
  for (const LoadSeries& series : all) {
    for (const ParameterInfo& info : AllParameters()) {
      if (series.common[info.parameter] != shared[info.parameter]) {
        shared.Set(info.parameter, kAutoValue);
      }
    }
  }
  return shared;
}

std::string NameIn(const LoadSeries& series, const Cell& shared) {
  Cell own = series.common;
  for (const ParameterInfo& info : AllParameters()) {
    if (shared.Sets(info.parameter)) own.Set(info.parameter, kAutoValue);
  }
  return DescribeCell(own);
}

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
        shared_(SharedBy(series)),
        panels_(LoadPanelsOf(series, levels_, font)),
        notes_(notes) {
    AddNotes();
    Place();
  }

  Scene Draw() {
    SceneBuilder scene(font_);
    DrawHeader(scene, header_, header_place_);
    for (std::size_t i = 0; i < kPanels; ++i) DrawPanel(scene, panels_[i], places_.at(i));
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
      knees.push_back(fmt::format("{} for {}", KneeText(series), NameIn(series, shared_)));
    }
    if (knees.empty()) return fmt::format("Load by {}.", KeyOf(traffic_));
    return fmt::format("Knee of the output throughput at concurrency {}.", fmt::join(knees, "; "));
  }

  void Place() {
    across_ = PlanParameterScale(levels_, kPlotWidth, font_);
    std::array<double, kColumns> labels{};
    for (std::size_t i = 0; i < kPanels; ++i) {
      labels.at(i % kColumns) = std::max(labels.at(i % kColumns), panels_[i].up.label_width);
    }
    std::array<double, kColumns> lefts{};
    width_ = kMargin;
    for (std::size_t i = 0; i < kColumns; ++i) {
      lefts.at(i) = width_;
      width_ += labels.at(i) + kScaleGap + kPlotWidth + (i + 1 < kColumns ? kColumnGap : kMargin);
    }
    width_ = std::ceil(width_);
    const double inner_width = width_ - 2 * kMargin;
    title_ = Title();
    header_ = PlanHeader({title_, std::nullopt, shared_}, caption_, font_, inner_width);
    header_place_ = {kMargin, kMargin - 8, inner_width, HeaderHeight(header_)};
    double bottom = header_place_.bottom() + kHeaderGap;
    for (std::size_t i = 0; i < kPanels; ++i) {
      if (i == kColumns) bottom += kRowGap;
      if (i % kColumns == 0) bottom += kAxisNameLine + kAxisNameGap;
      const double left = lefts.at(i % kColumns);
      places_.at(i) = {
          left, {left + labels.at(i % kColumns) + kScaleGap, bottom, kPlotWidth, kPlotHeight}};
      if (i % kColumns == kColumns - 1) {
        bottom += kPlotHeight + kScaleGap + kScaleLabelLine + kAxisNameBelow;
      }
    }
    PlanLegend();
    PlaceLegend(legend_, {kMargin, bottom + kLegendGap}, inner_width, font_);
    bottom = legend_.back().place.bottom();
    note_lines_ = WrapNotes(notes_, inner_width, font_);
    notes_corner_ = {kMargin, bottom};
    height_ = std::ceil(bottom + NotesHeight(note_lines_) + kMargin - 8);
  }

  [[nodiscard]] LineLook LookOfLine(const PanelLine& line) const {
    LineLook look = LookOf(line.series, series_.size());
    if (line.kind == PanelLine::Kind::kP95) look.shape += kOpenShapes;
    return look;
  }

  void AddEntry(std::string text, std::function<void(SceneBuilder&, const Box&)> draw) {
    legend_.push_back({std::move(draw), std::move(text), {}});
  }

  void PlanLegend() {
    const auto sample = [](const LineLook& look, double dash) {
      return [look, dash](SceneBuilder& scene, const Box& box) {
        const double y = box.y + box.height / 2;
        scene.Fill({box.x, y - 7, box.width, 14}, look.band);
        scene.Line({box.x, y}, {box.right(), y}, {look.ink, kLineWidth, dash});
        DrawPoint(scene, {box.x + box.width / 2, y}, look);
      };
    };
    if (series_.size() > 1) {
      for (std::size_t i = 0; i < series_.size(); ++i) {
        AddEntry(NameIn(series_[i], shared_), sample(LookOf(i, series_.size()), 0));
      }
    }
    const bool is_alone = series_.size() == 1;
    AddEntry(is_alone ? "mean or p50 with its 95 % CI" : "solid: mean or p50, with its 95 % CI",
             sample(LookOfLine({0, PanelLine::Kind::kP50, {}}), 0));
    AddEntry(is_alone ? "p95 with its 95 % CI" : "dashed: p95, with its 95 % CI",
             sample(LookOfLine({0, PanelLine::Kind::kP95, {}}), kDash));
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
    DrawMetricScale(scene, panel.up, plot, {});
    scene.Text({place.left, plot.y - kAxisNameGap - kAxisNameLine, plot.right() - place.left,
                kAxisNameLine},
               panel.Name(), {kAxisNameSize, palette::kQuiet});
    DrawParameterScale(scene, across_, plot, plot.bottom(), KeyOf(traffic_));
    if (panel.IsEmpty()) {
      scene.Text({plot.x, plot.y + plot.height / 2 - kAxisNameLine / 2, plot.width, kAxisNameLine},
                 "not known", {kAxisNameSize, palette::kQuiet, Anchor::kMiddle});
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
      const double top =
          std::min(At(panel, plot, point, point.value.high).y, middle.y - kShortest / 2);
      const double bottom =
          std::max(At(panel, plot, point, point.value.low).y, middle.y + kShortest / 2);
      scene.Fill({middle.x - 0.75, top, 1.5, bottom - top}, look.ink, TitleOf(panel, line, point));
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
  std::array<PanelPlace, kPanels> places_;
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
