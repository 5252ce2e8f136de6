#include "estimate_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "ollama_bench/core/median.h"

namespace ollama_bench {

std::string EstimateMargins(std::span<const SweepMap> maps) {
  std::vector<double> margins;
  for (const SweepMap& map : maps) {
    for (const MapCell& cell : map.cells) {
      if (cell.kind == MapCell::Kind::kEstimated) margins.push_back(cell.high / cell.value - 1);
    }
  }
  if (margins.empty()) return {};
  const double largest = *std::max_element(margins.begin(), margins.end());
  return fmt::format("+/- {:.1f} % (median), {:.1f} % at most", 100 * *Median(std::move(margins)),
                     100 * largest);
}

}  // namespace ollama_bench
