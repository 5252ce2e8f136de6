#include "load_panels.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace ollama_bench {
namespace {

using MeanMember = std::optional<WindowMean> LevelEstimate::*;
using PercentilesMember = Percentiles LevelEstimate::*;

LoadPanel MeansOf(std::string_view figure, MeanMember member, const std::vector<LoadSeries>& series,
                  const Axis& levels) {
  LoadPanel panel;
  panel.figure = figure;
  panel.unit = "tokens/s";
  for (std::size_t i = 0; i < series.size(); ++i) {
    PanelLine& line = panel.lines.emplace_back(PanelLine{i, PanelLine::Kind::kMean, {}});
    for (const LevelEstimate& level : series[i].levels) {
      const auto& mean = level.*member;
      if (!mean) continue;
      const Interval ends = mean->interval.value_or(Interval{mean->value, mean->value});
      line.points.push_back({ColumnOf(levels, level),
                             {mean->value, ends.low, ends.high},
                             mean->interval.has_value()});
    }
  }
  return panel;
}

bool AreShort(PercentilesMember member, const std::vector<LoadSeries>& series) {
  for (const LoadSeries& one : series) {
    for (const LevelEstimate& level : one.levels) {
      const Percentiles& values = level.*member;
      for (const auto& quantile : {values.p50, values.p95}) {
        if (quantile && quantile->value >= 1) return false;
      }
    }
  }
  return true;
}

LoadPanel PercentilesOf(std::string_view figure, PercentilesMember member,
                        const std::vector<LoadSeries>& series, const Axis& levels) {
  const bool are_short = AreShort(member, series);
  const double unit = are_short ? 1e3 : 1;
  LoadPanel panel;
  panel.figure = figure;
  panel.unit = are_short ? "ms" : "s";
  for (const auto kind : {PanelLine::Kind::kP50, PanelLine::Kind::kP95}) {
    for (std::size_t i = 0; i < series.size(); ++i) {
      PanelLine& line = panel.lines.emplace_back(PanelLine{i, kind, {}});
      for (const LevelEstimate& level : series[i].levels) {
        const Percentiles& values = level.*member;
        const auto& quantile = kind == PanelLine::Kind::kP95 ? values.p95 : values.p50;
        if (!quantile) continue;
        line.points.push_back({ColumnOf(levels, level),
                               {quantile->value * unit, quantile->interval.low * unit,
                                quantile->interval.high * unit}});
      }
    }
  }
  return panel;
}

}  // namespace

bool LoadPanel::IsEmpty() const {
  return std::all_of(lines.begin(), lines.end(),
                     [](const PanelLine& line) { return line.points.empty(); });
}

std::string LoadPanel::Name() const {
  std::string name = fmt::format("{} ({})", figure, unit);
  if (up.low > 0) name += fmt::format(", the axis starts at {}", up.labels.front());
  return name;
}

Parameter TrafficOf(const LoadSeries& series) {
  return TrafficOf(series.levels.front().cell);
}

Axis LevelsOf(const std::vector<LoadSeries>& series) {
  const Parameter traffic = TrafficOf(series.front());
  std::set<int> values;
  for (const LoadSeries& one : series) {
    for (const LevelEstimate& level : one.levels) values.insert(level.cell[traffic]);
  }
  return {traffic, {values.begin(), values.end()}};
}

std::size_t ColumnOf(const Axis& levels, const LevelEstimate& level) {
  const auto& values = levels.values;
  const auto found = std::lower_bound(values.begin(), values.end(), level.cell[levels.parameter]);
  return static_cast<std::size_t>(found - values.begin());
}

std::vector<LoadPanel> LoadPanelsOf(const std::vector<LoadSeries>& series, const Axis& levels,
                                    const Font& font) {
  std::vector<LoadPanel> panels = {
      MeansOf("output throughput", &LevelEstimate::output_tokens_per_s, series, levels),
      MeansOf("output throughput of one request", &LevelEstimate::request_tokens_per_s, series,
              levels),
      PercentilesOf("queue wait", &LevelEstimate::queue_wait, series, levels),
      PercentilesOf("TTFT", &LevelEstimate::ttft, series, levels),
      PercentilesOf("TPOT", &LevelEstimate::tpot, series, levels),
      PercentilesOf("E2E", &LevelEstimate::e2e, series, levels)};
  for (LoadPanel& panel : panels) {
    std::vector<ScaleValue> values;
    for (const PanelLine& line : panel.lines) {
      for (const PanelPoint& point : line.points) values.push_back(point.value);
    }
    panel.up = PlanMetricScale(values, font);
  }
  return panels;
}

}  // namespace ollama_bench
