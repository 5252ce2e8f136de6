#include "line_scales.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "heatmap_axes.h"
#include "heatmap_palette.h"
#include "heatmap_plot.h"
#include "number_format.h"

namespace ollama_bench {
namespace {

constexpr double kInset = 26;     // of the outermost values
constexpr double kAutoRoom = 80;  // for "auto"
constexpr double kLabelDistance = 12;
constexpr double kLargest = 1e300;  // a value that no picture can follow

bool AreDoubling(const std::vector<int>& numbers) {
  constexpr double kAboutTwice = 1.75;
  if (numbers.size() < 3 || numbers.front() <= 0) return false;
  for (std::size_t i = 1; i < numbers.size(); ++i) {
    if (numbers[i] < kAboutTwice * numbers[i - 1]) return false;
  }
  return true;
}

// Maps numbers to places.
class NumberLine {
 public:
  NumberLine(const std::vector<int>& numbers, bool is_switch, double left, double right)
      : numbers_(numbers),
        is_switch_(is_switch),
        is_log_(!is_switch && AreDoubling(numbers)),
        left_(left),
        right_(right) {}

  [[nodiscard]] double PlaceOf(double number) const {
    const double low = Along(numbers_.front());
    const double high = Along(numbers_.back());
    if (!(high > low)) return (left_ + right_) / 2;
    return left_ + (right_ - left_) * (Along(number) - low) / (high - low);
  }

  [[nodiscard]] bool IsLinear() const { return !is_log_ && !is_switch_; }

 private:
  [[nodiscard]] double Along(double number) const { return is_log_ ? std::log2(number) : number; }

  const std::vector<int>& numbers_;
  bool is_switch_;
  bool is_log_;
  double left_;
  double right_;
};

bool Fit(const std::vector<ScaleTick>& ticks, const Font& font) {
  for (std::size_t i = 1; i < ticks.size(); ++i) {
    const double room = (font.Width(ticks[i - 1].label, kScaleLabelSize) +
                         font.Width(ticks[i].label, kScaleLabelSize)) /
                        2;
    if (ticks[i].place - ticks[i - 1].place < room + kLabelDistance) return false;
  }
  return true;
}

// As many round numbers as have room. `make` gives the ticks of some of them.
template <class Make>
std::vector<ScaleTick> RoundNumbers(double low, double high, const Font& font, const Make& make) {
  constexpr int kMost = 12;
  std::vector<ScaleTick> ticks;
  for (int most = kMost; most >= 2; --most) {
    ticks = make(RoundTicks(low, high, most));
    if (Fit(ticks, font)) break;
  }
  return ticks;
}

std::vector<ScaleTick> RoundNumbers(Parameter parameter, const std::vector<int>& numbers,
                                    const NumberLine& line, const Font& font) {
  const auto make = [&](const std::vector<double>& round) {
    std::vector<ScaleTick> ticks;
    for (const double number : round) {
      ticks.push_back(
          {line.PlaceOf(number), FormatValue(parameter, static_cast<int>(std::lround(number)))});
    }
    return ticks;
  };
  return RoundNumbers(numbers.front(), numbers.back(), font, make);
}

// From left to right those that have room.
std::vector<ScaleTick> Thinned(const std::vector<ScaleTick>& all, const Font& font) {
  std::vector<ScaleTick> ticks;
  for (const ScaleTick& tick : all) {
    ticks.push_back(tick);
    if (!Fit(ticks, font)) ticks.pop_back();
  }
  return ticks;
}

// The measured values where all have room, else round numbers between them.
std::vector<ScaleTick> TicksOf(Parameter parameter, const std::vector<int>& numbers,
                               const NumberLine& line, const Font& font) {
  std::vector<ScaleTick> all;
  for (const int number : numbers) {
    all.push_back({line.PlaceOf(number), FormatValue(parameter, number)});
  }
  if (Fit(all, font)) return all;
  return Thinned(line.IsLinear() ? RoundNumbers(parameter, numbers, line, font) : all, font);
}

double WidestLabel(const std::vector<ScaleTick>& ticks, const Font& font) {
  double width = 0;
  for (const ScaleTick& tick : ticks) {
    width = std::max(width, std::ceil(font.Width(tick.label, kScaleLabelSize)));
  }
  return width;
}

void LabelTicks(MetricScale& scale, const NumberFormat& format, const Font& font) {
  for (const double tick : scale.ticks) {
    scale.labels.push_back(format(tick));
    scale.label_width =
        std::max(scale.label_width, std::ceil(font.Width(scale.labels.back(), kScaleLabelSize)));
  }
}

double SmallestDistance(std::vector<double> places, double most) {
  std::sort(places.begin(), places.end());
  for (std::size_t i = 1; i < places.size(); ++i) most = std::min(most, places[i] - places[i - 1]);
  return most;
}

struct Range {
  double low = 0;
  double high = 0;
};

// An interval may reach to where no picture can follow.
Range ShownOf(const ScaleValue& of) {
  constexpr double kReach = 0.5;
  const double value = std::min(of.value, kLargest);
  return {std::max(of.low, (1 - kReach) * value), std::min(of.high, (1 + kReach) * value)};
}

std::optional<Range> RangeOf(const std::vector<ScaleValue>& values) {
  std::optional<Range> range;
  for (const ScaleValue& value : values) {
    const Range shown = ShownOf(value);
    if (!range) range = shown;
    range = {std::min(range->low, shown.low), std::max(range->high, shown.high)};
  }
  return range;
}

}  // namespace

ParameterScale PlanParameterScale(const Axis& axis, double width, const Font& font) {
  ParameterScale scale;
  std::vector<int> numbers = axis.values;
  std::erase(numbers, kAutoValue);
  const bool has_auto = numbers.size() < axis.values.size();
  const bool is_switch = Describe(axis.parameter).type == ParameterType::kSwitch;
  scale.is_connected = !is_switch;
  const double left = has_auto ? kAutoRoom + kInset : kInset;
  if (has_auto && !numbers.empty()) scale.auto_edge = kAutoRoom;
  const double auto_place = numbers.empty() ? width / 2 : kAutoRoom / 2;
  if (has_auto) scale.ticks.push_back({auto_place, FormatValue(axis.parameter, kAutoValue)});
  const NumberLine line(numbers, is_switch, left, width - kInset);
  for (const int value : axis.values) {
    scale.places.push_back(value == kAutoValue ? auto_place : line.PlaceOf(value));
  }
  if (!numbers.empty()) {
    const auto ticks = TicksOf(axis.parameter, numbers, line, font);
    scale.ticks.insert(scale.ticks.end(), ticks.begin(), ticks.end());
  }
  scale.label_width = WidestLabel(scale.ticks, font);
  scale.distance = SmallestDistance(scale.places, width);
  return scale;
}

NumberScale PlanNumberScale(double longest, double width, const Font& font) {
  NumberScale numbers;
  numbers.longest = longest;
  numbers.width = width - kInset;
  numbers.scale.ticks = RoundNumbers(0, longest, font, [&](const std::vector<double>& round) {
    const NumberFormat format = round.size() > 1 ? FormatForTicks(round) : NumberFormat{0};
    std::vector<ScaleTick> ticks;
    for (const double number : round) {
      ticks.push_back({numbers.PlaceOf(number), format(number)});
    }
    return ticks;
  });
  numbers.scale.label_width = WidestLabel(numbers.scale.ticks, font);
  return numbers;
}

double MetricScale::ShareOf(double value) const {
  return std::clamp((value - low) / (high - low), 0.0, 1.0);
}

MetricScale PlanMetricScale(const SweepMap& map, const Font& font) {
  std::vector<ScaleValue> values;
  const auto add = [&values](const MapCell& cell) {
    if (cell.HasValue()) values.push_back({cell.value, cell.low, cell.high});
  };
  for (const MapCell& cell : map.cells) add(cell);
  if (map.current_off_grid) add(*map.current_off_grid);
  return PlanMetricScale(values, font);
}

MetricScale PlanMetricScale(const std::vector<ScaleValue>& values, const Font& font) {
  constexpr int kMostTicks = 8;
  constexpr double kFlat = 0.5;  // of the height that differences would have from 0
  constexpr double kAir = 0.06;
  constexpr double kNarrowestRange = 0.1;  // of the values: noise is not to look like differences
  MetricScale scale;
  if (auto range = RangeOf(values); range && range->high > 0) {
    const double missing = kNarrowestRange * range->high - (range->high - range->low);
    if (missing > 0) *range = {range->low - missing / 2, range->high + missing / 2};
    const double span = range->high - range->low;
    const bool from_zero = span >= kFlat * range->high;
    scale.low = from_zero ? 0 : std::max(0.0, range->low - kAir * span);
    scale.high = range->high + kAir * (from_zero ? range->high : span);
  }
  scale.ticks = RoundTicks(scale.low, scale.high, kMostTicks);
  if (scale.ticks.size() > 1) {
    // The foot is a tick, so that it can be read where the scale starts.
    const double step = scale.ticks[1] - scale.ticks[0];
    const double foot = std::floor(scale.low / step + 1e-9) * step;
    if (foot < scale.ticks.front() - step / 2) scale.ticks.insert(scale.ticks.begin(), foot);
    scale.low = scale.ticks.front();
  }
  const NumberFormat format =
      scale.ticks.size() > 1 ? FormatForTicks(scale.ticks) : NumberFormat{2};
  LabelTicks(scale, format, font);
  return scale;
}

MetricScale PlanShareScale(const Font& font) {
  MetricScale scale;
  scale.high = 106;
  scale.ticks = {0, 20, 40, 60, 80, 100};
  LabelTicks(scale, NumberFormat{0}, font);
  return scale;
}

void DrawMetricScale(SceneBuilder& scene, const MetricScale& scale, const Box& plot,
                     std::string_view name) {
  for (std::size_t i = 0; i < scale.ticks.size(); ++i) {
    const double y = plot.bottom() - plot.height * scale.ShareOf(scale.ticks[i]);
    const bool is_foot = y > plot.bottom() - 0.5;
    scene.Line({plot.x, y}, {plot.right(), y},
               {is_foot ? palette::kTick : palette::kUntestedLine, 1});
    scene.Text({plot.x - kScaleGap - scale.label_width, y - kScaleLabelLine / 2, scale.label_width,
                kScaleLabelLine},
               scale.labels[i], {kScaleLabelSize, palette::kText, Anchor::kEnd});
  }
  scene.Text(
      {kMargin, plot.y - kAxisNameGap - kAxisNameLine, plot.right() - kMargin, kAxisNameLine}, name,
      {kAxisNameSize, palette::kQuiet});
}

void DrawRightScale(SceneBuilder& scene, const MetricScale& scale, const Box& plot) {
  constexpr double kTickLength = 5;
  for (std::size_t i = 0; i < scale.ticks.size(); ++i) {
    const double y = plot.bottom() - plot.height * scale.ShareOf(scale.ticks[i]);
    scene.Line({plot.right() - kTickLength, y}, {plot.right(), y}, {palette::kTick, 1});
    scene.Text(
        {plot.right() + kScaleGap, y - kScaleLabelLine / 2, scale.label_width, kScaleLabelLine},
        scale.labels[i], {kScaleLabelSize, palette::kText});
  }
}

void DrawParameterScale(SceneBuilder& scene, const ParameterScale& scale, const Box& plot,
                        double foot, std::string_view name) {
  constexpr double kTickLength = 5;
  for (const ScaleTick& tick : scale.ticks) {
    const double x = plot.x + tick.place;
    scene.Line({x, foot}, {x, foot + kTickLength}, {palette::kTick, 1});
    scene.Text({x - scale.label_width / 2, foot + kScaleGap, scale.label_width, kScaleLabelLine},
               tick.label, {kScaleLabelSize, palette::kText, Anchor::kMiddle});
  }
  if (scale.auto_edge > 0) {
    const double x = plot.x + scale.auto_edge;
    scene.Line({x, plot.y}, {x, foot}, {palette::kUntestedLine, 1, 3});
  }
  scene.Text({plot.x, foot + kScaleGap + kScaleLabelLine + 6, plot.width, kAxisNameLine}, name,
             {kAxisNameSize, palette::kQuiet, Anchor::kMiddle});
}

}  // namespace ollama_bench
