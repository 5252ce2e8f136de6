#include "value_scale.h"

#include <algorithm>
#include <vector>

namespace ollama_bench {

Color ValueScale::ColorOf(double value) const {
  return colormap.At(high > low ? (value - low) / (high - low) : 0.5);
}

ValueScale MakeValueScale(std::span<const SweepMap> maps, const Colormap& colormap) {
  const Metric metric = maps.front().metric;
  std::vector<double> values;
  for (const SweepMap& map : maps) {
    for (const MapCell& cell : map.cells) {
      if (cell.kind == MapCell::Kind::kMeasured) values.push_back(cell.raw);
    }
  }
  ValueScale scale{colormap, ChooseNumberFormat(values, metric)};
  if (values.empty()) return scale;
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  scale.low = *low;
  scale.high = *high;
  scale.best = Describe(metric).higher_is_better ? scale.high : scale.low;
  scale.has_values = true;
  return scale;
}

}  // namespace ollama_bench
