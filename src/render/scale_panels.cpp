#include "scale_panels.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "ollama_bench/core/text.h"

namespace ollama_bench {
namespace {

constexpr double kMilli = 1e-3;
constexpr double kGiga = 1e9;
constexpr double kEndless = std::numeric_limits<double>::infinity();

bool IsInterval(const ScaleValue& value) {
  return std::isfinite(value.low) && std::isfinite(value.high) && value.high > value.low;
}

using PointMember = std::optional<Bounded> ScalePoint::*;

ScaleValue Over(const Bounded& value, double unit) {
  return {value.estimate / unit, value.low / unit, value.high / unit};
}

std::string TitleOf(const ScalePoint& point, std::string_view figure, const ScaleValue& value,
                    std::string_view unit) {
  std::string title = fmt::format("{}: {} {:.4g} {} at {:.0f} tokens", DescribeCell(point.cell),
                                  figure, value.value, unit, point.tokens);
  if (IsInterval(value)) title += fmt::format(", 95 % CI [{:.4g}, {:.4g}]", value.low, value.high);
  return Printable(title, false);
}

void AddMark(ScaleLine& line, const ScalePoint& point, std::string_view figure, ScaleValue value,
             std::string_view unit) {
  if (!std::isfinite(value.value) || value.value < 0) return;
  if (!IsInterval(value)) value.low = value.high = value.value;
  line.marks.push_back({point.tokens, value, TitleOf(point, figure, value, unit)});
}

// Where a law is evaluated: closely at short lengths too, where rates bend, and at the ends of its
// parts.
std::vector<double> LengthsOf(const ScalingLaw& law, double longest_shown) {
  constexpr int kSteps = 80;
  const double from = law.shortest() / kScaleReach;
  const double to = std::min(law.longest() * kScaleReach, longest_shown);
  std::vector<double> lengths = {law.shortest(), std::min(law.longest(), to)};
  if (law.breakpoint()) lengths.push_back(law.breakpoint()->tokens);
  for (int i = 0; i <= kSteps; ++i) {
    const double share = static_cast<double>(i) / kSteps;
    lengths.push_back(from + (to - from) * share);
    lengths.push_back(from * std::pow(to / from, share));
  }
  std::sort(lengths.begin(), lengths.end());
  std::erase_if(lengths, [&](double length) { return length > to; });
  lengths.erase(std::unique(lengths.begin(), lengths.end()), lengths.end());
  return lengths;
}

// A law's curve; `convert` makes the panel's figure of a time and its length.
template <class Convert>
std::vector<CurvePoint> CurveOf(const std::optional<ScalingLaw>& law, double longest_shown,
                                const Convert& convert) {
  std::vector<CurvePoint> curve;
  if (!law) return curve;
  for (const double length : LengthsOf(*law, longest_shown)) {
    const auto time = law->At(length);
    if (!time || !std::isfinite(time->seconds.estimate) || time->seconds.estimate <= 0) continue;
    ScaleValue value = convert(time->seconds, length);
    if (!std::isfinite(value.low)) value.low = 0;
    if (std::isnan(value.high)) value.high = kEndless;
    curve.push_back({length, value, time->is_extrapolated});
  }
  return curve;
}

// What so much takes, as a rate; endless where no time at all is within the interval.
ScaleValue RateOf(const Bounded& seconds, double amount) {
  return {amount / seconds.estimate, amount / seconds.high,
          seconds.low > 0 ? amount / seconds.low : kEndless};
}

bool AreShort(const std::vector<ScaleSeries>& all) {
  for (const ScaleSeries& series : all) {
    for (const ScalePoint& point : series.points) {
      if (point.prefill_s && point.prefill_s->estimate >= 1) return false;
    }
    if (!series.prefill) continue;
    const auto longest = series.prefill->At(series.prefill->longest());
    if (longest && longest->seconds.estimate >= 1) return false;
  }
  return true;
}

/// Makes the panels.
class PanelMaker {
 public:
  explicit PanelMaker(const std::vector<ScaleSeries>& series)
      : series_(series), longest_(LongestShown(series)) {}

  [[nodiscard]] ScalePanel PrefillTime() const {
    ScalePanel panel;
    const bool are_windows = std::all_of(series_.begin(), series_.end(), IsOfWindows);
    panel.figure = are_windows ? "time to the first token, p50" : "time of the prefill";
    const bool are_short = AreShort(series_);
    panel.unit = are_short ? "ms" : "s";
    panel.has_breakpoints = true;
    const double unit = are_short ? kMilli : 1;
    const auto in_unit = [unit](const Bounded& value, double) { return Over(value, unit); };
    AddLines(panel, &ScalePoint::prefill_s, unit,
             [&](const ScaleSeries& one) { return CurveOf(one.prefill, longest_, in_unit); });
    return panel;
  }

  [[nodiscard]] ScalePanel PrefillRate() const {
    ScalePanel panel;
    panel.figure = "prefill rate";
    panel.unit = "tokens/s";
    AddLines(panel, &ScalePoint::prefill_rate, 1, [&](const ScaleSeries& one) {
      // The law of windows is of the time to the first token, which holds waiting too.
      return IsOfWindows(one) ? std::vector<CurvePoint>() : CurveOf(one.prefill, longest_, RateOf);
    });
    return panel;
  }

  [[nodiscard]] ScalePanel DecodeRate() const {
    ScalePanel panel;
    panel.figure = "decode rate";
    panel.unit = "tokens/s";
    const auto of_token = [](const Bounded& seconds, double) { return RateOf(seconds, 1); };
    AddLines(panel, &ScalePoint::decode_rate, 1,
             [&](const ScaleSeries& one) { return CurveOf(one.decode, longest_, of_token); });
    return panel;
  }

  [[nodiscard]] ScalePanel Memory() const {
    ScalePanel panel;
    panel.figure = "memory of the loaded model";
    panel.unit = "GB";
    panel.when_empty = "not reported";
    for (std::size_t i = 0; i < series_.size(); ++i) {
      ScaleLine memory{i, false, {}, {}};
      ScaleLine share{i, true, {}, {}};
      for (const ScalePoint& point : series_[i].points) {
        const CellServing& serving = point.serving;
        if (serving.memory_bytes) {
          const double size = static_cast<double>(*serving.memory_bytes) / kGiga;
          AddMark(memory, point, panel.figure, {size, size, size}, panel.unit);
        }
        if (serving.gpu_share) {
          const double percent = 100 * *serving.gpu_share;
          AddMark(share, point, "share of it on the GPU", {percent, percent, percent}, "%");
        }
      }
      Keep(panel, std::move(memory));
      Keep(panel, std::move(share));
    }
    return panel;
  }

 private:
  template <class MakeCurve>
  void AddLines(ScalePanel& panel, PointMember member, double unit, const MakeCurve& curve) const {
    panel.when_empty = "not measured";
    for (std::size_t i = 0; i < series_.size(); ++i) {
      ScaleLine line{i, false, {}, curve(series_[i])};
      for (const ScalePoint& point : series_[i].points) {
        const auto& value = point.*member;
        if (value) AddMark(line, point, panel.figure, Over(*value, unit), panel.unit);
      }
      Keep(panel, std::move(line));
    }
  }

  static void Keep(ScalePanel& panel, ScaleLine line) {
    if (!line.marks.empty() || !line.curve.empty()) panel.lines.push_back(std::move(line));
  }

  const std::vector<ScaleSeries>& series_;
  double longest_;
};

// Of the marks and of what laws give near them.
MetricScale PlanUp(const ScalePanel& panel, const Font& font) {
  constexpr double kMostAbove = 1.5;  // of the largest mark: a law may run away beside them
  std::vector<ScaleValue> values;
  double most = 0;
  for (const ScaleLine& line : panel.lines) {
    if (line.is_second) continue;
    for (const ScaleMark& mark : line.marks) {
      values.push_back(mark.value);
      most = std::max(most, mark.value.value);
    }
  }
  if (panel.second && most > 0) {
    // Memory is read from 0, and its line stays away from a share of 100 %.
    constexpr double kAbove = 1.25;
    values.push_back({0, 0, 0});
    values.push_back({kAbove * most, kAbove * most, kAbove * most});
  }
  for (const ScaleLine& line : panel.lines) {
    for (const CurvePoint& point : line.curve) {
      if (most > 0 && point.value.value > kMostAbove * most) continue;
      ScaleValue value = point.value;
      if (point.is_extrapolated) value.low = value.high = value.value;
      values.push_back(value);
    }
  }
  return PlanMetricScale(values, font);
}

}  // namespace

std::string ScalePanel::Name() const {
  std::string name = fmt::format("{} ({})", figure, unit);
  if (up.low > 0) name += fmt::format(", the axis starts at {}", up.labels.front());
  return name;
}

bool IsOfWindows(const ScaleSeries& series) {
  return std::any_of(series.points.begin(), series.points.end(),
                     [](const ScalePoint& point) { return point.throughput.has_value(); });
}

double LongestShown(const std::vector<ScaleSeries>& all) {
  double longest = 0;
  bool has_law = false;
  for (const ScaleSeries& series : all) {
    longest = std::max(longest, series.points.back().tokens);
    has_law = has_law || series.prefill || series.decode;
  }
  if (longest <= 0) return 1;
  return has_law ? longest * kScaleReach : longest;
}

std::vector<ScalePanel> ScalePanelsOf(const std::vector<ScaleSeries>& series, const Font& font) {
  const PanelMaker maker(series);
  std::vector<ScalePanel> panels = {maker.PrefillTime(), maker.PrefillRate(), maker.DecodeRate(),
                                    maker.Memory()};
  for (ScalePanel& panel : panels) {
    const bool has_second = std::any_of(panel.lines.begin(), panel.lines.end(),
                                        [](const ScaleLine& line) { return line.is_second; });
    if (has_second) {
      panel.second = PlanShareScale(font);
      panel.second_name = "share on the GPU (%)";
    }
    panel.up = PlanUp(panel, font);
  }
  return panels;
}

}  // namespace ollama_bench
