#include "ollama_bench/analysis/load_distributions.h"

#include <array>
#include <utility>

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

}  // namespace ollama_bench
