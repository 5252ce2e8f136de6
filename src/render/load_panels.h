#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "line_scales.h"
#include "ollama_bench/analysis/load_answer.h"
#include "ollama_bench/core/axis.h"

namespace ollama_bench {

/// What one level shows of one figure, in the panel's unit.
struct PanelPoint {
  std::size_t column = 0;  ///< of the axis of levels
  ScaleValue value;        ///< without an interval its ends are the value
  bool has_interval = true;
};

/// One line of a panel.
struct PanelLine {
  enum class Kind { kMean, kP50, kP95 };
  std::size_t series = 0;
  Kind kind = Kind::kMean;
  std::vector<PanelPoint> points;  ///< ascending
};

/// One figure over the levels.
struct LoadPanel {
  std::string_view figure;  ///< "TTFT"
  std::string_view unit;
  std::vector<PanelLine> lines;
  MetricScale up;

  [[nodiscard]] bool IsEmpty() const;
  /// "TTFT (ms)", and where its axis starts unless that is 0.
  [[nodiscard]] std::string Name() const;
};

/// What the levels of the series vary: request_rate, or concurrency.
Parameter TrafficOf(const LoadSeries& series);

/// The levels of all series, ascending.
Axis LevelsOf(const std::vector<LoadSeries>& series);
/// The place of a level of one of them.
std::size_t ColumnOf(const Axis& levels, const LevelEstimate& level);

/// The six panels: output throughput, that of one request, queue wait, TTFT, TPOT, E2E. Percentiles
/// are in milliseconds where all are below a second.
std::vector<LoadPanel> LoadPanelsOf(const std::vector<LoadSeries>& series, const Axis& levels,
                                    const Font& font);

}  // namespace ollama_bench
