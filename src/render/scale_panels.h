#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "line_scales.h"
#include "ollama_bench/analysis/scale_report.h"

namespace ollama_bench {

/// How far beyond the measured lengths a law is drawn.
inline constexpr double kScaleReach = 1.25;

/// A measured value in the panel's unit.
struct ScaleMark {
  double tokens = 0;
  ScaleValue value;
  std::string title;  ///< what it says when the pointer rests on it
};

/// A law at one length, in the panel's unit. The interval may be endless upwards.
struct CurvePoint {
  double tokens = 0;
  ScaleValue value;
  bool is_extrapolated = false;
};

/// One figure of one series.
struct ScaleLine {
  std::size_t series = 0;
  bool is_second = false;  ///< on the scale at the right
  std::vector<ScaleMark> marks;
  std::vector<CurvePoint> curve;  ///< empty: there is no law
};

/// One or two figures over the length of the prompt.
struct ScalePanel {
  std::string figure;
  std::string_view unit;
  std::string second_name;       ///< of the scale at the right
  std::string_view when_empty;   ///< what to say then
  bool has_breakpoints = false;  ///< those of the prefill's laws belong to it
  std::vector<ScaleLine> lines;  ///< those without a mark and a curve are left out
  MetricScale up;
  std::optional<MetricScale> second;

  [[nodiscard]] const MetricScale& ScaleOf(const ScaleLine& line) const {
    return line.is_second ? *second : up;
  }
  /// "prefill rate (tokens/s)", and where its axis starts unless that is 0.
  [[nodiscard]] std::string Name() const;
};

/// Whether the series is of windows of load: its times are of the window's median request.
bool IsOfWindows(const ScaleSeries& series);
/// The longest prompt of the series, and what its laws extrapolate to.
double LongestShown(const std::vector<ScaleSeries>& series);

/// The four panels: time and rate of the prefill, rate of the decode, memory and the share on the
/// GPU. Times are in milliseconds where all are below a second.
std::vector<ScalePanel> ScalePanelsOf(const std::vector<ScaleSeries>& series, const Font& font);

}  // namespace ollama_bench
