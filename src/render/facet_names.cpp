#include "facet_names.h"

#include <fmt/format.h>

namespace ollama_bench {

std::set<int> HeldValues(std::span<const Grid> grids, Parameter parameter) {
  std::set<int> values;
  for (const Grid& grid : grids) values.insert(grid.fixed[parameter]);
  return values;
}

Cell HeldByAll(std::span<const Grid> grids) {
  Cell held;
  for (const ParameterInfo& info : AllParameters()) {
    const std::set<int> values = HeldValues(grids, info.parameter);
    if (values.size() == 1) held.Set(info.parameter, *values.begin());
  }
  return held;
}

std::vector<std::vector<std::string>> FacetPhrases(std::span<const Grid> grids) {
  std::vector<std::vector<std::string>> phrases(grids.size());
  for (const ParameterInfo& info : AllParameters()) {
    if (HeldValues(grids, info.parameter).size() < 2) continue;
    for (std::size_t i = 0; i < grids.size(); ++i) {
      phrases[i].push_back(fmt::format(
          "{} {}", info.key, FormatValue(info.parameter, grids[i].fixed[info.parameter])));
    }
  }
  return phrases;
}

}  // namespace ollama_bench
