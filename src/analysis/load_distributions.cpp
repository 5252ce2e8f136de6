#include "ollama_bench/analysis/load_distributions.h"

#include <array>
#include <cmath>
#include <utility>

#include "ollama_bench/analysis/cell_estimate.h"

namespace ollama_bench {
namespace {

struct Figure {
  LatencyKind kind;
  const char* key;
  const char* label;
};

constexpr std::array<Figure, 3> kFigures = {{{LatencyKind::kTtft, "ttft_ms", "TTFT"},
                                             {LatencyKind::kTpot, "tpot_ms", "TPOT"},
                                             {LatencyKind::kE2e, "e2e_ms", "E2E"}}};

}  // namespace

std::vector<Distribution> DistributionsOf(const CellResult& level,
                                          const RequestsOfWindows& requests) {
  std::array<std::vector<double>, kFigures.size()> values;
  for (const Sample* sample : CountedOf(level)) {
    const auto found = requests.find(sample->id);
    if (!sample->window || found == requests.end()) continue;
    for (const RequestFigures& request : found->second) {
      if (request.part != WindowPart::kMeasured || !request.IsDone()) continue;
      for (std::size_t i = 0; i < kFigures.size(); ++i) {
        const auto latency = LatencyOf(request, kFigures.at(i).kind);
        if (latency) values.at(i).push_back(*latency * 1e3);
      }
    }
  }
  std::vector<Distribution> figures;
  for (std::size_t i = 0; i < kFigures.size(); ++i) {
    if (values.at(i).empty()) continue;
    Distribution& figure = figures.emplace_back();
    figure.key = kFigures.at(i).key;
    figure.label = kFigures.at(i).label;
    figure.unit = "ms";
    figure.SetValues(std::move(values.at(i)));
  }
  return figures;
}

std::optional<Distribution> DistributionOf(const CellResult& result, Metric metric) {
  const MetricInfo& info = Describe(metric);
  std::vector<double> values;
  if (metric == Metric::kLoad) {
    values = LoadTimes(result);
  } else {
    for (const Sample* sample : CountedOf(result)) {
      const auto value = info.value(*sample);
      if (value && std::isfinite(*value)) values.push_back(*value);
    }
  }
  if (values.empty()) return std::nullopt;
  Distribution figure;
  figure.key = info.key;
  figure.label = info.label;
  figure.unit = info.unit;
  figure.SetValues(std::move(values));
  return figure;
}

}  // namespace ollama_bench
