#include "ollama_bench/render/timeline_scene.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "heatmap_axes.h"
#include "heatmap_palette.h"
#include "heatmap_plot.h"
#include "line_scales.h"
#include "number_format.h"
#include "picture_header.h"
#include "telemetry_panels.h"

namespace ollama_bench {
namespace {

constexpr double kPlotWidth = 1100;
constexpr double kUsualRowsHeight = 560;
constexpr double kHighestRow = 14;
constexpr double kLowestRow = 2;
constexpr double kFlightHeight = 120;
constexpr double kPanelHeight = 90;
constexpr double kPlotGap = 38;    // above the second plot and those after it, for the name
constexpr double kLabelRoom = 44;  // left of the plots
constexpr double kTickLength = 5;
constexpr int kMostTicks = 12;

/// One request, in seconds since the measured stretch began.
struct Row {
  double due = 0;
  double sent = 0;
  double first = 0;  ///< token; where there was none, the end
  double end = 0;
  bool is_done = true;
};

std::vector<Row> RowsOf(const std::vector<RequestFigures>& requests) {
  std::vector<Row> rows;
  for (const RequestFigures& request : requests) {
    if (request.part == WindowPart::kCalibration) continue;
    Row row;
    row.due = request.due_s;
    row.sent = request.due_s + request.lag_s;
    row.end = row.sent + request.e2e_s;
    row.first = row.sent + std::min(request.e2e_s, request.ttft_s.value_or(request.e2e_s));
    row.is_done = request.IsDone();
    rows.push_back(row);
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Row& a, const Row& b) { return a.sent < b.sent; });
  return rows;
}

class TimelinePainter {
 public:
  TimelinePainter(const Window& window, const std::vector<RequestFigures>& requests,
                  const Cell& level, const SweepCaption& caption, const Font& font,
                  const TelemetryRecord& telemetry)
      : window_(window),
        level_(level),
        caption_(caption),
        font_(font),
        scene_(font),
        rows_(RowsOf(requests)),
        panels_(PlanTelemetryPanels(telemetry)) {
    all_ = rows_.size();
    if (rows_.size() > kMostTimelineRows) {
      first_left_out_ = rows_[kMostTimelineRows].sent;
      rows_.resize(kMostTimelineRows);
    }
    if (window.duration) duration_ = std::chrono::duration<double>(*window.duration).count();
    FindSpan();
  }

  Scene Draw() {
    const double width = 2 * kMargin + kLabelRoom + kPlotWidth;
    const std::string title = Title();
    double top = DrawTitle(title, width - 2 * kMargin) + kHeaderGap + kAxisNameLine + kAxisNameGap;
    const double row = RowHeight();
    rows_plot_ = {kMargin + kLabelRoom, top, kPlotWidth,
                  row * static_cast<double>(std::max<std::size_t>(rows_.size(), 1))};
    plots_ = {rows_plot_, Below(rows_plot_, kFlightHeight)};
    for (std::size_t i = 0; i < panels_.size(); ++i) {
      plots_.push_back(Below(plots_.back(), kPanelHeight));
    }
    DrawShade();
    DrawRows(row);
    DrawFlight(plots_[1]);
    for (std::size_t i = 0; i < panels_.size(); ++i) DrawPanel(panels_[i], plots_[i + 2]);
    DrawTimes();
    top = plots_.back().bottom() + kScaleGap + kScaleLabelLine + kAxisNameBelow;
    std::vector<LegendEntry> legend = Legend();
    PlaceLegend(legend, {kMargin, top + kLegendGap}, width - 2 * kMargin, font_);
    DrawLegend(scene_, legend);
    top = legend.back().place.bottom();
    const auto notes = WrapNotes(Notes(), width - 2 * kMargin, font_);
    DrawNotes(scene_, notes, {kMargin, top}, width - 2 * kMargin);
    return scene_.Finish(width, std::ceil(top + NotesHeight(notes) + kMargin - 8), title);
  }

 private:
  static Box Below(const Box& plot, double height) {
    return {plot.x, plot.bottom() + kPlotGap, plot.width, height};
  }

  void FindSpan() {
    low_ = 0;
    high_ = duration_;
    for (const Row& row : rows_) {
      low_ = std::min(low_, std::min(row.due, row.sent));
      high_ = std::max(high_, row.end);
    }
    // Up to there all that is in flight is drawn.
    if (first_left_out_) high_ = std::max(*first_left_out_, low_);
    if (!(high_ > low_)) high_ = low_ + 1;
  }

  [[nodiscard]] double RowHeight() const {
    const auto count = static_cast<double>(std::max<std::size_t>(rows_.size(), 1));
    return std::clamp(std::floor(kUsualRowsHeight / count), kLowestRow, kHighestRow);
  }

  [[nodiscard]] double At(double seconds) const {
    return rows_plot_.x + kPlotWidth * std::clamp((seconds - low_) / (high_ - low_), 0.0, 1.0);
  }

  [[nodiscard]] std::string Title() const {
    std::string text =
        fmt::format("A window of {}: {} requests measured", DescribeCell(level_), window_.requests);
    if (duration_ > 0) text += fmt::format(" in {:.3g} s", duration_);
    if (const auto rate = OutputThroughput(window_)) {
      text += fmt::format(", {:.3g} output tokens/s", *rate);
    }
    return text;
  }

  double DrawTitle(const std::string& title, double room) {
    const PictureHeader header = PlanHeader({title, std::nullopt, Cell()}, caption_, font_, room);
    const Box place{kMargin, kMargin - 8, room, HeaderHeight(header)};
    DrawHeader(scene_, header, place);
    return place.bottom();
  }

  void DrawShade() {
    const double left = At(0);
    const double right = At(duration_);
    for (const Box& plot : plots_) {
      scene_.Fill({left, plot.y, right - left, plot.height}, palette::kNeutral);
    }
  }

  void Name(const Box& plot, const std::string& text) {
    scene_.Text(
        {kMargin, plot.y - kAxisNameGap - kAxisNameLine, plot.right() - kMargin, kAxisNameLine},
        text, {kAxisNameSize, palette::kQuiet});
  }

  static std::string TitleOf(const Row& row) {
    return fmt::format("sent at {:.3f} s, first token after {:.3f} s, {} after {:.3f} s", row.sent,
                       row.first - row.sent, row.is_done ? "ended" : "failed", row.end - row.sent);
  }

  void DrawRows(double height) {
    Name(rows_plot_, "requests, in the order of sending");
    const double bar = height > 3 ? height - 1.5 : height;
    double y = rows_plot_.y + (height - bar) / 2;
    for (const Row& row : rows_) {
      const double sent = At(row.sent);
      const double first = At(row.first);
      const double end = At(row.end);
      const double middle = y + bar / 2;
      if (sent - At(row.due) >= 1) {
        scene_.Line({At(row.due), middle}, {sent, middle}, {palette::kOutline, 1});
      }
      if (first > sent) scene_.Fill({sent, y, first - sent, bar}, palette::kTick, TitleOf(row));
      if (end > first)
        scene_.Fill({first, y, end - first, bar}, palette::kRecommended, TitleOf(row));
      if (!row.is_done) DrawFailure(end, y, bar);
      y += height;
    }
  }

  void DrawFailure(double end, double y, double bar) {
    constexpr double kWidth = 5;
    const double left = std::max(rows_plot_.x, end - kWidth);
    scene_.Fill({left, y, kWidth, bar}, palette::kCross);
  }

  // From 0 to `top`, at even distances.
  void DrawScale(const Box& plot, double top, const std::vector<double>& ticks) {
    const NumberFormat format = ticks.size() > 1 ? FormatForTicks(ticks) : NumberFormat{0};
    for (const double tick : ticks) {
      const double y = plot.bottom() - plot.height * tick / top;
      scene_.Line({plot.x, y}, {plot.right(), y},
                  {tick == 0 ? palette::kTick : palette::kUntestedLine, 1});
      scene_.Text({kMargin, y - kScaleLabelLine / 2, kLabelRoom - kScaleGap, kScaleLabelLine},
                  format(tick), {kScaleLabelSize, palette::kText, Anchor::kEnd});
    }
  }

  void DrawPanel(const TelemetryPanel& panel, const Box& plot) {
    constexpr int kMostPanelTicks = 4;
    Name(plot, panel.name);
    DrawScale(plot, panel.top, RoundTicks(0, panel.top, kMostPanelTicks));
    for (const TelemetryLine& line : panel.lines) {
      std::vector<Polyline> pieces;
      for (const Polyline& piece : line.pieces) {
        Polyline drawn = Inside(piece);
        for (Point& point : drawn) {
          point = {At(point.x), plot.bottom() - plot.height * point.y / panel.top};
        }
        if (drawn.size() > 1) pieces.push_back(std::move(drawn));
      }
      if (pieces.empty()) continue;
      scene_.Path({std::move(pieces), false, std::nullopt, Stroke{line.ink, 1.5, line.dash}});
    }
  }

  // The part of a line that lies in the time that is drawn.
  [[nodiscard]] Polyline Inside(const Polyline& line) const {
    Polyline inside;
    for (std::size_t i = 1; i < line.size(); ++i) {
      const Point& from = line[i - 1];
      const Point& to = line[i];
      if (to.x < low_ || from.x > high_) continue;
      const auto at = [&](double x) {
        const double share = to.x > from.x ? (x - from.x) / (to.x - from.x) : 1;
        return Point{x, from.y + share * (to.y - from.y)};
      };
      if (inside.empty()) inside.push_back(from.x < low_ ? at(low_) : from);
      inside.push_back(to.x > high_ ? at(high_) : to);
    }
    return inside;
  }

  void DrawFlight(const Box& plot) {
    std::vector<std::pair<double, int>> changes;
    for (const Row& row : rows_) {
      changes.emplace_back(row.sent, 1);
      changes.emplace_back(row.end, -1);
    }
    // Where one ends as the next is sent, as many are in flight.
    std::sort(changes.begin(), changes.end());
    int most = 1;
    int now = 0;
    for (const auto& [time, change] : changes) most = std::max(most, now += change);
    const double top = 1.08 * most;
    const auto y = [&](double count) { return plot.bottom() - plot.height * count / top; };
    Name(plot, FlightName());
    std::vector<double> ticks = RoundTicks(0, top, 5);
    std::erase_if(ticks, [](double tick) { return tick != std::floor(tick); });
    DrawScale(plot, top, ticks);
    // A user asks again within a moment, which would look like a dip.
    constexpr double kMoment = 1;  // of the width
    Polyline steps = {{At(low_), y(0)}};
    now = 0;
    for (std::size_t i = 0; i < changes.size() && changes[i].first <= high_; ++i) {
      const double x = At(changes[i].first);
      const int before = now;
      now += changes[i].second;
      while (i + 1 < changes.size() && At(changes[i + 1].first) < x + kMoment &&
             changes[i + 1].first <= high_) {
        now += changes[++i].second;
      }
      if (now == before) continue;
      steps.push_back({x, y(before)});
      steps.push_back({x, y(now)});
    }
    steps.push_back({At(high_), y(now)});
    scene_.Path({{steps}, false, std::nullopt, Stroke{palette::kRecommended, 1.5}});
  }

  [[nodiscard]] std::string FlightName() const {
    if (!window_.mean_in_flight) return "requests in flight";
    return fmt::format("requests in flight, {:.3g} on average in the measured stretch",
                       *window_.mean_in_flight);
  }

  void DrawTimes() {
    const Box& last = plots_.back();
    std::vector<double> ticks;
    std::vector<std::string> labels;
    for (int most = kMostTicks; most >= 2; --most) {
      ticks = RoundTicks(low_, high_, most);
      const NumberFormat format = ticks.size() > 1 ? FormatForTicks(ticks) : NumberFormat{2};
      labels.clear();
      double room = 0;
      for (const double tick : ticks) {
        // Adding 0 takes the sign off a zero.
        labels.push_back(format(tick + 0.0));
        room += font_.Width(labels.back(), kScaleLabelSize) + 2 * kScaleGap;
      }
      if (room <= kPlotWidth) break;
    }
    for (std::size_t i = 0; i < ticks.size(); ++i) {
      const double x = At(ticks[i]);
      for (const Box& plot : plots_) {
        scene_.Line({x, plot.bottom()}, {x, plot.bottom() + kTickLength}, {palette::kTick, 1});
      }
      const double width = std::ceil(font_.Width(labels[i], kScaleLabelSize));
      scene_.Text({x - width / 2, last.bottom() + kScaleGap, width, kScaleLabelLine}, labels[i],
                  {kScaleLabelSize, palette::kText, Anchor::kMiddle});
    }
    scene_.Line({rows_plot_.x, rows_plot_.bottom()}, {rows_plot_.right(), rows_plot_.bottom()},
                {palette::kTick, 1});
    scene_.Text(
        {last.x, last.bottom() + kScaleGap + kScaleLabelLine + 6, last.width, kAxisNameLine},
        "seconds since the measured stretch began",
        {kAxisNameSize, palette::kQuiet, Anchor::kMiddle});
  }

  // A name that several panels have is explained once.
  static void AddEntry(const TelemetryLine& line, std::vector<LegendEntry>& legend) {
    const bool is_there =
        std::any_of(legend.begin(), legend.end(),
                    [&line](const LegendEntry& entry) { return entry.text == line.name; });
    if (is_there) return;
    const auto draw = [stroke = Stroke{line.ink, 1.5, line.dash}](SceneBuilder& scene,
                                                                  const Box& box) {
      const double y = box.y + box.height / 2;
      scene.Path({{{{box.x, y}, {box.right(), y}}}, false, std::nullopt, stroke});
    };
    legend.push_back({draw, line.name, {}});
  }

  [[nodiscard]] std::vector<LegendEntry> Legend() const {
    const auto bar = [](const Ink& ink) {
      return [ink](SceneBuilder& scene, const Box& box) {
        scene.Fill({box.x, box.y + box.height / 2 - 5, box.width, 10}, ink);
      };
    };
    std::vector<LegendEntry> legend;
    legend.push_back({bar(palette::kTick), "sent, waits for its first token", {}});
    legend.push_back({bar(palette::kRecommended), "tokens arrive", {}});
    if (std::any_of(rows_.begin(), rows_.end(), [](const Row& row) { return !row.is_done; })) {
      legend.push_back({bar(palette::kCross), "failed", {}});
    }
    legend.push_back({bar(palette::kNeutral), "measured stretch", {}});
    for (const TelemetryPanel& panel : panels_) {
      for (const TelemetryLine& line : panel.lines) AddEntry(line, legend);
    }
    return legend;
  }

  [[nodiscard]] std::vector<std::string> Notes() const {
    std::vector<std::string> notes;
    if (all_ > rows_.size()) {
      notes.push_back(fmt::format("The first {} of {} requests are drawn.", rows_.size(), all_));
    }
    if (window_.is_cut) notes.emplace_back("A stop ended this window early; it does not count.");
    return notes;
  }

  const Window& window_;
  const Cell& level_;
  const SweepCaption& caption_;
  const Font& font_;
  SceneBuilder scene_;
  std::vector<Row> rows_;
  std::size_t all_ = 0;                   ///< requests
  std::optional<double> first_left_out_;  ///< when it was sent
  double duration_ = 0;
  double low_ = 0;
  double high_ = 1;
  std::vector<TelemetryPanel> panels_;
  Box rows_plot_;
  std::vector<Box> plots_;  ///< the rows, those in flight, the panels
};

}  // namespace

Scene LayOutTimeline(const Window& window, const std::vector<RequestFigures>& requests,
                     const Cell& level, const SweepCaption& caption, const Font& font,
                     const TelemetryRecord& telemetry) {
  return TimelinePainter(window, requests, level, caption, font, telemetry).Draw();
}

}  // namespace ollama_bench
