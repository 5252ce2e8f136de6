#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "ollama_bench/analysis/sweep_map.h"
#include "ollama_bench/core/axis.h"
#include "ollama_bench/render/font.h"
#include "scene_builder.h"

namespace ollama_bench {

/// A label of a scale.
struct ScaleTick {
  double place = 0;
  std::string label;
};

/// Where the values of a parameter lie across, in pixels from the left edge of the plot. Numbers
/// lie on a line, or where they double, on a logarithmic one; switches lie at even distances.
/// "auto" is no number: it is by itself at the left.
struct ParameterScale {
  std::vector<double> places;  ///< one for each value of the axis
  std::vector<ScaleTick> ticks;
  double label_width = 0;    ///< of the widest
  double auto_edge = 0;      ///< between "auto" and the numbers; 0 where there is none of the two
  bool is_connected = true;  ///< values between two neighbours mean something
  double distance = 0;       ///< of the nearest two places
};

inline constexpr double kScaleLabelSize = 12;
inline constexpr double kScaleLabelLine = 16;
inline constexpr double kScaleGap = 8;  ///< between the plot and its labels

ParameterScale PlanParameterScale(const Axis& axis, double width, const Font& font);

/// Any number from 0 at the left edge to `longest` (above 0) a little before the right one, on a
/// line: the scale has ticks and no places.
struct NumberScale {
  ParameterScale scale;
  double longest = 1;
  double width = 0;  ///< from 0 to `longest`, pixels

  [[nodiscard]] double PlaceOf(double number) const { return width * number / longest; }
};

NumberScale PlanNumberScale(double longest, double width, const Font& font);

/// Where the values of the metric lie upwards.
struct MetricScale {
  double low = 0;  ///< at the foot of the plot; 0 unless that would flatten all differences
  double high = 1;
  std::vector<double> ticks;
  std::vector<std::string> labels;  ///< of the ticks
  double label_width = 0;

  /// From 0 at the foot to 1 at the top; clamped to that.
  [[nodiscard]] double ShareOf(double value) const;
};

/// A value and the ends of its interval.
struct ScaleValue {
  double value = 0;
  double low = 0;
  double high = 0;
};

/// Holds all values, and of their intervals what is within half as much again.
MetricScale PlanMetricScale(const std::vector<ScaleValue>& values, const Font& font);
MetricScale PlanMetricScale(const SweepMap& map, const Font& font);
/// From 0 to 100 per cent, with some air above.
MetricScale PlanShareScale(const Font& font);

/// Left of `plot` and through it; `name`, where it is not empty, is above the left end of the
/// labels of a plot at the left margin.
void DrawMetricScale(SceneBuilder& scene, const MetricScale& scale, const Box& plot,
                     std::string_view name);
/// Labels of a second scale, right of `plot`.
void DrawRightScale(SceneBuilder& scene, const MetricScale& scale, const Box& plot);
/// Below `foot`, which is the plot's lower edge or lower.
void DrawParameterScale(SceneBuilder& scene, const ParameterScale& scale, const Box& plot,
                        double foot, std::string_view name);

}  // namespace ollama_bench
