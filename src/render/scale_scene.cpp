#include "ollama_bench/render/scale_scene.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>

#include "heatmap_axes.h"
#include "heatmap_palette.h"
#include "heatmap_plot.h"
#include "line_marks.h"
#include "ollama_bench/core/text.h"
#include "panel_grid.h"
#include "picture_header.h"
#include "scale_notes.h"
#include "scale_panels.h"
#include "series_names.h"
#include "text_fit.h"

namespace ollama_bench {
namespace {

constexpr std::size_t kColumns = 2;
constexpr double kCurveDash = 4;  // where a law extrapolates
constexpr double kJoinWidth = 1;  // of what joins points without a law
constexpr double kBreakWidth = 1.5;
constexpr double kBreakDash = 3;
constexpr double kEdgeWidth = 0.5;  // of a band that another one may cover
constexpr double kNameGap = 16;     // between the names of two scales
constexpr std::string_view kAcross = "length of the prompt (tokens)";

class ScalePainter {
 public:
  ScalePainter(const std::vector<ScaleSeries>& series, SweepCaption caption,
               const std::vector<std::string>& notes, const Font& font)
      : series_(series),
        caption_(std::move(caption)),
        font_(font),
        shared_(SharedBySeries(series)),
        panels_(ScalePanelsOf(series, font)),
        across_(PlanNumberScale(LongestShown(series), kPanelWidth, font)) {
    caption_.prompt_tokens.reset();
    for (const ScaleSeries& one : series) {
      names_.push_back(series.size() > 1 ? NameBeside(one.common, shared_) : "");
    }
    title_ = ScaleTitle(series_, names_);
    for (const std::string& note : notes) notes_.push_back(Printable(note, false));
    for (std::string& note : ScaleNotes(series_, names_)) notes_.push_back(std::move(note));
    AddNoteOfLetters();
    Place();
  }

  Scene Draw() {
    SceneBuilder scene(font_);
    DrawHeader(scene, header_, header_place_);
    for (std::size_t i = 0; i < panels_.size(); ++i) DrawPanel(scene, panels_[i], grid_.places[i]);
    DrawLegend(scene, legend_);
    DrawNotes(scene, note_lines_, notes_corner_, width_ - 2 * kMargin);
    const std::string model = caption_.model.empty() ? "" : Printable(caption_.model, false) + ": ";
    return scene.Finish(width_, height_,
                        fmt::format("{}scaling with the prompt. {}", model, title_));
  }

 private:
  void AddNoteOfLetters() {
    std::vector<std::string> shown = names_;
    shown.push_back(Printable(DescribeCell(shared_), false));
    for (const std::string& text :
         {caption_.model, caption_.ollama_version, caption_.hardware, caption_.date}) {
      shown.push_back(Printable(text, false));
    }
    if (auto note = SubstituteNote(font_, shown)) notes_.push_back(std::move(*note));
  }

  void Place() {
    std::vector<PanelRoom> rooms;
    for (const ScalePanel& panel : panels_) {
      rooms.push_back({panel.up.label_width, panel.second ? panel.second->label_width : 0});
    }
    grid_ = PlacePanels(rooms, kColumns);
    width_ = grid_.width;
    const double inner_width = width_ - 2 * kMargin;
    header_ = PlanHeader({title_, std::nullopt, shared_}, caption_, font_, inner_width);
    header_place_ = {kMargin, kMargin - 8, inner_width, HeaderHeight(header_)};
    const double top = header_place_.bottom() + kHeaderGap;
    grid_.MoveDown(top);
    PlanLegend();
    PlaceLegend(legend_, {kMargin, top + grid_.height + kLegendGap}, inner_width, font_);
    note_lines_ = WrapNotes(notes_, inner_width, font_);
    notes_corner_ = {kMargin, legend_.back().place.bottom()};
    height_ = std::ceil(notes_corner_.y + NotesHeight(note_lines_) + kMargin - 8);
  }

  [[nodiscard]] LineLook LookOfLine(const ScaleLine& line) const {
    const LineLook look = LookOf(line.series, series_.size());
    return line.is_second ? WithOpenPoints(look) : look;
  }
  // What is said of the lines of all series.
  static LineLook PlainLook() { return LookOf(0, 1); }
  // Alone, a breakpoint is in another colour than the law.
  [[nodiscard]] LineLook LookOfBreak(std::size_t i) const {
    if (series_.size() == 1) return {palette::kRecommended, palette::kAlias, 0};
    return LookOf(i, series_.size());
  }

  void AddEntry(std::string_view text, std::function<void(SceneBuilder&, const Box&)> draw) {
    legend_.push_back({std::move(draw), font_.Drawable(text), {}});
  }

  template <class Holds>
  [[nodiscard]] bool AnyLine(const Holds& holds) const {
    return std::any_of(panels_.begin(), panels_.end(), [&holds](const ScalePanel& panel) {
      return std::any_of(panel.lines.begin(), panel.lines.end(), holds);
    });
  }

  void PlanLegend() {
    if (series_.size() > 1) {
      for (std::size_t i = 0; i < series_.size(); ++i) {
        AddEntry(names_[i], SampleOf(LookOf(i, series_.size()), 0));
      }
    }
    AddEntry("measured, with its 95 % CI",
             [look = PlainLook()](SceneBuilder& scene, const Box& box) {
               const Point middle{box.x + box.width / 2, box.y + box.height / 2};
               DrawInterval(scene, middle, box.bottom(), box.y, look, {});
               DrawPoint(scene, middle, look);
             });
    PlanLegendOfLaws();
    if (std::any_of(panels_.begin(), panels_.end(),
                    [](const ScalePanel& panel) { return panel.second.has_value(); })) {
      AddEntry("dashed with open points: share on the GPU, scale at the right",
               [look = WithOpenPoints(PlainLook())](SceneBuilder& scene, const Box& box) {
                 const double y = box.y + box.height / 2;
                 scene.Line({box.x, y}, {box.right(), y}, {look.ink, kJoinWidth, kDash});
                 DrawPoint(scene, {box.x + box.width / 2, y}, look);
               });
    }
  }

  void PlanLegendOfLaws() {
    const auto curve = [look = PlainLook()](double dash) {
      return [look, dash](SceneBuilder& scene, const Box& box) {
        const double y = box.y + box.height / 2;
        scene.Fill({box.x, y - 7, box.width, 14}, look.band);
        scene.Line({box.x, y}, {box.right(), y}, {look.ink, kLineWidth, dash});
      };
    };
    if (AnyLine([](const ScaleLine& line) { return !line.curve.empty(); })) {
      AddEntry("law, with its 95 % band", curve(0));
      AddEntry("law, extrapolated", curve(kCurveDash));
    }
    const auto is_joined = [](const ScalePanel& panel) {
      return !panel.second &&
             std::any_of(panel.lines.begin(), panel.lines.end(), [](const ScaleLine& line) {
               return line.curve.empty() && line.marks.size() > 1;
             });
    };
    if (std::any_of(panels_.begin(), panels_.end(), is_joined)) {
      AddEntry("thin: joins the points, no law",
               [look = PlainLook()](SceneBuilder& scene, const Box& box) {
                 const double y = box.y + box.height / 2;
                 scene.Line({box.x, y}, {box.right(), y}, {look.ink, kJoinWidth});
               });
    }
    if (std::any_of(series_.begin(), series_.end(), HasBreak)) {
      const LineLook look = series_.size() == 1 ? LookOfBreak(0) : PlainLook();
      AddEntry("breakpoint, with its 95 % CI", [look](SceneBuilder& scene, const Box& box) {
        scene.Fill({box.x + box.width / 4, box.y, box.width / 2, box.height}, look.band);
        const double x = box.x + box.width / 2;
        scene.Line({x, box.y}, {x, box.bottom()}, {look.ink, kBreakWidth, kBreakDash});
      });
    }
  }

  static bool HasBreak(const ScaleSeries& series) {
    return series.prefill && series.prefill->breakpoint();
  }

  void DrawPanel(SceneBuilder& scene, const ScalePanel& panel, const PanelPlace& place) const {
    const Box& plot = place.plot;
    if (panel.has_breakpoints) DrawBreaks(scene, plot);
    DrawPanelScales(scene, place, panel.up, across_.scale, kAcross);
    DrawNames(scene, panel, place);
    if (panel.lines.empty()) {
      DrawEmptyPanel(scene, place, panel.when_empty);
      return;
    }
    if (panel.second) DrawRightScale(scene, *panel.second, plot);
    for (const ScaleLine& line : panel.lines) DrawBand(scene, panel, plot, line);
    for (const ScaleLine& line : panel.lines) DrawCurve(scene, panel, plot, line);
    for (const ScaleLine& line : panel.lines) DrawMarks(scene, panel, plot, line);
  }

  void DrawNames(SceneBuilder& scene, const ScalePanel& panel, const PanelPlace& place) const {
    if (!panel.second) {
      DrawPanelName(scene, place, panel.Name());
      return;
    }
    const double width = std::ceil(font_.Width(panel.second_name, kAxisNameSize));
    scene.Text(
        {place.right - width, place.plot.y - kAxisNameGap - kAxisNameLine, width, kAxisNameLine},
        panel.second_name, {kAxisNameSize, palette::kQuiet, Anchor::kEnd});
    PanelPlace rest = place;
    rest.plot.width = place.right - width - kNameGap - place.plot.x;
    DrawPanelName(scene, rest, panel.Name());
  }

  void DrawBreaks(SceneBuilder& scene, const Box& plot) const {
    constexpr double kNarrowest = 2;  // pixels, to be hit by a pointer
    for (std::size_t i = 0; i < series_.size(); ++i) {
      if (!HasBreak(series_[i])) continue;
      const Breakpoint& found = *series_[i].prefill->breakpoint();
      const double left = XOf(plot, found.low);
      const double right = std::max(XOf(plot, found.high), left + kNarrowest);
      const std::string name = names_[i].empty() ? "" : names_[i] + ": ";
      scene.Fill({left, plot.y, right - left, plot.height}, LookOfBreak(i).band,
                 fmt::format("{}breakpoint at {:.0f} tokens, 95 % CI [{:.0f}, {:.0f}]", name,
                             found.tokens, found.low, found.high));
    }
    for (std::size_t i = 0; i < series_.size(); ++i) {
      if (!HasBreak(series_[i])) continue;
      const Breakpoint& found = *series_[i].prefill->breakpoint();
      if (series_.size() > 1) {
        for (const double end : {found.low, found.high}) {
          const double x = XOf(plot, end);
          scene.Line({x, plot.y}, {x, plot.bottom()}, {LookOfBreak(i).ink, kEdgeWidth});
        }
      }
      const double x = XOf(plot, found.tokens);
      scene.Line({x, plot.y}, {x, plot.bottom()}, {LookOfBreak(i).ink, kBreakWidth, kBreakDash});
    }
  }

  [[nodiscard]] double XOf(const Box& plot, double tokens) const {
    return plot.x + std::clamp(across_.PlaceOf(tokens), 0.0, plot.width);
  }

  static double YOf(const MetricScale& up, const Box& plot, double value) {
    return plot.bottom() - plot.height * up.ShareOf(value);
  }

  // Parts of the curve that the plot holds; `wanted` says which of two neighbours belong together.
  template <class Wanted>
  static std::vector<std::vector<CurvePoint>> PartsOf(const ScaleLine& line, const MetricScale& up,
                                                      const Wanted& wanted) {
    std::vector<std::vector<CurvePoint>> parts;
    const auto is_inside = [&up](const CurvePoint& point) {
      return point.value.value >= up.low && point.value.value <= up.high;
    };
    bool is_open = false;
    for (std::size_t i = 1; i < line.curve.size(); ++i) {
      const CurvePoint& from = line.curve[i - 1];
      const CurvePoint& to = line.curve[i];
      const bool belongs = is_inside(from) && is_inside(to) && wanted(from, to);
      if (belongs && !is_open) parts.push_back({from});
      if (belongs) parts.back().push_back(to);
      is_open = belongs;
    }
    return parts;
  }

  void DrawBand(SceneBuilder& scene, const ScalePanel& panel, const Box& plot,
                const ScaleLine& line) const {
    const MetricScale& up = panel.ScaleOf(line);
    PathShape band{{}, true, LookOfLine(line).band, std::nullopt};
    for (const auto& part : PartsOf(line, up, [](const auto&, const auto&) { return true; })) {
      Polyline& around = band.lines.emplace_back();
      for (const CurvePoint& point : part) {
        around.push_back({XOf(plot, point.tokens), YOf(up, plot, point.value.high)});
      }
      for (auto point = part.rbegin(); point != part.rend(); ++point) {
        around.push_back({XOf(plot, point->tokens), YOf(up, plot, point->value.low)});
      }
    }
    scene.Path(std::move(band));
  }

  void DrawCurve(SceneBuilder& scene, const ScalePanel& panel, const Box& plot,
                 const ScaleLine& line) const {
    const MetricScale& up = panel.ScaleOf(line);
    const LineLook look = LookOfLine(line);
    if (line.curve.empty()) {
      Polyline joined;
      for (const ScaleMark& mark : line.marks) joined.push_back(MiddleOf(up, plot, mark));
      const double dash = line.is_second ? kDash : 0;
      if (joined.size() > 1) {
        scene.Path({{joined}, false, std::nullopt, Stroke{look.ink, kJoinWidth, dash}});
      }
      return;
    }
    for (const bool is_dashed : {false, true}) {
      PathShape curve{
          {}, false, std::nullopt, Stroke{look.ink, kLineWidth, is_dashed ? kCurveDash : 0}};
      const auto wanted = [is_dashed](const CurvePoint& from, const CurvePoint& to) {
        return (from.is_extrapolated || to.is_extrapolated) == is_dashed;
      };
      for (const auto& part : PartsOf(line, up, wanted)) {
        Polyline& through = curve.lines.emplace_back();
        for (const CurvePoint& point : part) {
          through.push_back({XOf(plot, point.tokens), YOf(up, plot, point.value.value)});
        }
      }
      scene.Path(std::move(curve));
    }
  }

  [[nodiscard]] Point MiddleOf(const MetricScale& up, const Box& plot,
                               const ScaleMark& mark) const {
    return {XOf(plot, mark.tokens), YOf(up, plot, mark.value.value)};
  }

  void DrawMarks(SceneBuilder& scene, const ScalePanel& panel, const Box& plot,
                 const ScaleLine& line) const {
    const MetricScale& up = panel.ScaleOf(line);
    const LineLook look = LookOfLine(line);
    for (const ScaleMark& mark : line.marks) {
      const Point middle = MiddleOf(up, plot, mark);
      DrawInterval(scene, middle, YOf(up, plot, mark.value.low), YOf(up, plot, mark.value.high),
                   look, mark.title);
      DrawPoint(scene, middle, look);
    }
  }

  const std::vector<ScaleSeries>& series_;
  SweepCaption caption_;
  const Font& font_;
  Cell shared_;
  std::vector<ScalePanel> panels_;
  NumberScale across_;
  std::vector<std::string> names_;  // of the series; empty where there is one only
  std::string title_;
  std::vector<std::string> notes_;
  PanelGrid grid_;
  PictureHeader header_;
  Box header_place_;
  std::vector<LegendEntry> legend_;
  std::vector<std::string> note_lines_;
  Point notes_corner_;
  double width_ = 0;
  double height_ = 0;
};

}  // namespace

Scene LayOutScale(const std::vector<ScaleSeries>& series, const SweepCaption& caption,
                  const std::vector<std::string>& notes, const Font& font) {
  return ScalePainter(series, caption, notes, font).Draw();
}

}  // namespace ollama_bench
