#include "heatmap_axes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "heatmap_palette.h"
#include "text_fit.h"

namespace ollama_bench {
namespace {

constexpr double kLabelSize = 12;
constexpr double kLabelLine = 16;
constexpr double kLabelGap = 8;        // between the plot and its labels
constexpr double kLabelDistance = 10;  // between two labels of one line

double WidestLabel(const Axis& axis, const std::vector<std::size_t>& shown, const Font& font) {
  double widest = 0;
  for (const std::size_t i : shown) {
    widest = std::max(widest, font.Width(LabelOf(axis, i), kLabelSize));
  }
  return widest;
}

std::vector<std::size_t> EveryNth(std::size_t count, std::size_t step) {
  std::vector<std::size_t> shown;
  for (std::size_t i = 0; i < count; i += step) shown.push_back(i);
  return shown;
}

// Those that are multiples of `unit`; empty where two of them are nearer than `step`.
std::vector<std::size_t> MultiplesOf(long unit, const Axis& axis, std::size_t step) {
  std::vector<std::size_t> shown;
  for (std::size_t i = 0; i < axis.values.size(); ++i) {
    if (axis.values[i] == kAutoValue || axis.values[i] % unit != 0) continue;
    if (!shown.empty() && i - shown.back() < step) return {};
    shown.push_back(i);
  }
  return shown;
}

std::vector<long> RoundUnits(long largest) {
  std::vector<long> units;
  for (long unit = 2; unit <= largest; unit *= 2) units.push_back(unit);
  for (long unit = 10; unit <= largest; unit *= 10) {
    for (const long factor : {1, 2, 5}) units.push_back(factor * unit);
  }
  return units;
}

}  // namespace

std::vector<std::size_t> ChooseLabelled(const Axis& axis, double distance, double room) {
  const std::size_t count = axis.values.size();
  const auto step = static_cast<std::size_t>(std::max(1.0, std::ceil(room / distance)));
  if (step == 1) return EveryNth(count, 1);
  std::vector<std::size_t> best;
  for (const long unit : RoundUnits(axis.values.back())) {
    std::vector<std::size_t> shown = MultiplesOf(unit, axis, step);
    if (shown.size() > best.size()) best = std::move(shown);
  }
  std::vector<std::size_t> evenly = EveryNth(count, step);
  // Round labels that leave most of the axis without any help less.
  return best.size() * 2 >= evenly.size() && best.size() > 1 ? best : evenly;
}

AxisLabels PlanAcrossLabels(const Axis& axis, double cell_width, const Font& font) {
  const double widest = WidestLabel(axis, EveryNth(axis.values.size(), 1), font);
  AxisLabels labels{ChooseLabelled(axis, cell_width, widest + kLabelDistance),
                    kLabelGap + kLabelLine, 0};
  labels.width = std::ceil(WidestLabel(axis, labels.shown, font));
  return labels;
}

AxisLabels PlanDownLabels(const Axis& axis, double cell_height, const Font& font) {
  if (axis.IsAuto()) return {};
  AxisLabels labels{ChooseLabelled(axis, cell_height, kLabelLine), 0, 0};
  labels.width = std::ceil(std::max(WidestLabel(axis, labels.shown, font),
                                    font.Width(KeyOf(axis.parameter), kAxisNameSize)));
  labels.extent = kLabelGap + labels.width;
  return labels;
}

void DrawAxisAcross(SceneBuilder& scene, const Axis& axis, const AxisLabels& labels,
                    const Box& plot) {
  const double cell = plot.width / static_cast<double>(axis.values.size());
  for (const std::size_t i : labels.shown) {
    const double middle = plot.x + (static_cast<double>(i) + 0.5) * cell;
    scene.Text({middle - labels.width / 2, plot.bottom() + kLabelGap, labels.width, kLabelLine},
               LabelOf(axis, i), {kLabelSize, palette::kText, Anchor::kMiddle});
  }
  const std::string_view key = KeyOf(axis.parameter);
  const double name = std::max(plot.width, scene.font().Width(key, kAxisNameSize));
  scene.Text(
      {plot.x + (plot.width - name) / 2, plot.bottom() + labels.extent + 6, name, kAxisNameLine},
      key, {kAxisNameSize, palette::kQuiet, Anchor::kMiddle});
}

void DrawAxisDown(SceneBuilder& scene, const Axis& axis, const AxisLabels& labels,
                  const Box& plot) {
  if (labels.shown.empty()) return;
  const double cell = plot.height / static_cast<double>(axis.values.size());
  const Box column{plot.x - labels.extent, plot.y, labels.width, plot.height};
  for (const std::size_t i : labels.shown) {
    const double middle = plot.y + (static_cast<double>(i) + 0.5) * cell;
    scene.Text({column.x, middle - kLabelLine / 2, column.width, kLabelLine}, LabelOf(axis, i),
               {kLabelSize, palette::kText, Anchor::kEnd});
  }
  scene.Text({column.x, plot.y - kAxisNameGap - kAxisNameLine, column.width, kAxisNameLine},
             KeyOf(axis.parameter), {kAxisNameSize, palette::kQuiet, Anchor::kEnd});
}

namespace {

constexpr double kSize = 11;
constexpr double kTickGap = 4;
constexpr double kDotRadius = 2.6;
constexpr std::size_t kMostTitleLines = 2;
// An interval may reach to where no picture can follow.
constexpr double kLowest = -100;
constexpr double kHighest = 200;

double Clipped(double percent) {
  return std::clamp(percent, kLowest, kHighest);
}

Polyline Dot(Point middle, double radius) {
  constexpr int kCorners = 12;
  Polyline line;
  for (int i = 0; i < kCorners; ++i) {
    const double angle = 2 * std::numbers::pi * i / kCorners;
    line.push_back({middle.x + radius * std::cos(angle), middle.y + radius * std::sin(angle)});
  }
  return line;
}

// Intervals and dots; `at` says where the effect of the i-th row or column is drawn.
template <class At>
void DrawEffects(SceneBuilder& scene, const MarginPanel& panel, double distance, const At& at) {
  const double radius = std::min(kDotRadius, distance / 3);
  std::vector<Polyline> intervals;
  std::vector<Polyline> dots;
  for (std::size_t i = 0; i < panel.effects.size(); ++i) {
    if (!panel.effects[i]) continue;
    const MarginEffect& effect = *panel.effects[i];
    intervals.push_back({at(i, Clipped(effect.low)), at(i, Clipped(effect.high))});
    dots.push_back(Dot(at(i, Clipped(effect.percent)), radius));
  }
  scene.Path({intervals, false, std::nullopt, Stroke{palette::kText, std::min(1.4, radius)}});
  scene.Path({dots, true, palette::kText, std::nullopt});
}

double ShareOf(const MarginPanel& panel, double percent) {
  return (percent - panel.low) / (panel.high - panel.low);
}

void ChooseRange(MarginPanel& panel) {
  constexpr double kNarrowestRange = 0.5;
  constexpr double kAir = 0.06;  // of the range, beyond the outermost effects
  for (const auto& effect : panel.effects) {
    if (!effect) continue;
    panel.low = std::min({panel.low, Clipped(effect->low), Clipped(effect->percent)});
    panel.high = std::max({panel.high, Clipped(effect->high), Clipped(effect->percent)});
  }
  const double range = std::max(panel.high - panel.low, kNarrowestRange);
  if (panel.high - panel.low < range) panel.low = panel.high - range;
  panel.low -= kAir * range;
  panel.high += kAir * range;
}

// As many as there is room for between their labels, two at least.
void ChooseTicks(MarginPanel& panel, MarginSide side, const Font& font) {
  constexpr int kMost = 6;
  constexpr double kTickLabelDistance = 9;
  for (int most = kMost; most >= 2; --most) {
    const std::vector<double> ticks = RoundTicks(panel.low, panel.high, most);
    if (ticks.size() < 2) continue;
    const NumberFormat format = FormatForTicks(ticks);
    double width = 0;
    for (const double tick : ticks) width = std::max(width, font.Width(format(tick), kSize));
    const double extent = side == MarginSide::kRows ? kMarginPanelExtent : kMarginPanelHeight;
    const double room = side == MarginSide::kRows ? width + kTickLabelDistance : kMarginTickLine;
    panel.ticks = ticks;
    panel.format = format;
    panel.label_width = std::ceil(width);
    if ((ticks[1] - ticks[0]) / (panel.high - panel.low) * extent >= room) break;
  }
}

const Ink& TickInk(double tick) {
  return std::abs(tick) < 1e-9 ? palette::kTick : palette::kUntestedLine;
}

}  // namespace

std::vector<MarginPanel> PlanMargins(const std::vector<MarginEffects>& of_tables, MarginSide side,
                                     double title_width, const Font& font) {
  MarginPanel common;
  for (const MarginEffects& effects : of_tables) {
    const auto is_known = [](const auto& effect) { return effect.has_value(); };
    if (std::count_if(effects.begin(), effects.end(), is_known) < 2) return {};
    common.effects.insert(common.effects.end(), effects.begin(), effects.end());
  }
  ChooseRange(common);
  ChooseTicks(common, side, font);
  common.title = WrapWords(
      font,
      fmt::format("mean of each {0} vs. best {0}, %", side == MarginSide::kRows ? "row" : "column"),
      kSize, title_width, kMostTitleLines);
  std::vector<MarginPanel> panels(of_tables.size(), common);
  for (std::size_t i = 0; i < panels.size(); ++i) panels[i].effects = of_tables[i];
  return panels;
}

void DrawRowMargin(SceneBuilder& scene, const MarginPanel& panel, const Box& place) {
  const auto x_of = [&](double percent) { return place.x + place.width * ShareOf(panel, percent); };
  for (const double tick : panel.ticks) {
    const double x = x_of(tick);
    scene.Line({x, place.y}, {x, place.bottom()}, {TickInk(tick), 1});
    scene.Text(
        {x - panel.label_width / 2, place.bottom() + kTickGap, panel.label_width, kMarginTickLine},
        panel.format(tick), {kSize, palette::kText, Anchor::kMiddle});
  }
  const double row = place.height / static_cast<double>(panel.effects.size());
  DrawEffects(scene, panel, row, [&](std::size_t i, double percent) {
    return Point{x_of(percent), place.y + (static_cast<double>(i) + 0.5) * row};
  });
  double y = place.y - 6 - kMarginTitleLine * static_cast<double>(panel.title.size());
  for (const std::string& line : panel.title) {
    scene.Text(
        {place.x - panel.label_width / 2, y, place.width + panel.label_width, kMarginTitleLine},
        line, {kSize, palette::kQuiet, Anchor::kMiddle});
    y += kMarginTitleLine;
  }
}

void DrawColumnMargin(SceneBuilder& scene, const MarginPanel& panel, const Box& place) {
  const auto y_of = [&](double percent) {
    return place.bottom() - place.height * ShareOf(panel, percent);
  };
  for (const double tick : panel.ticks) {
    const double y = y_of(tick);
    scene.Line({place.x, y}, {place.right(), y}, {TickInk(tick), 1});
    scene.Text({place.x - 8 - panel.label_width, y - kMarginTickLine / 2, panel.label_width,
                kMarginTickLine},
               panel.format(tick), {kSize, palette::kText, Anchor::kEnd});
  }
  const double column = place.width / static_cast<double>(panel.effects.size());
  DrawEffects(scene, panel, column, [&](std::size_t i, double percent) {
    return Point{place.x + (static_cast<double>(i) + 0.5) * column, y_of(percent)};
  });
  double y = place.y - 6 - kMarginTitleLine * static_cast<double>(panel.title.size());
  for (const std::string& line : panel.title) {
    scene.Text({place.x, y, place.width, kMarginTitleLine}, line, {kSize, palette::kQuiet});
    y += kMarginTitleLine;
  }
}

}  // namespace ollama_bench
