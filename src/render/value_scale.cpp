#include "value_scale.h"

#include <algorithm>

namespace ollama_bench {

Color ValueScale::ColorOf(double value) const {
  return colormap.At(high > low ? (value - low) / (high - low) : 0.5);
}

ValueScale MakeValueScale(const ResultTable& table, const Colormap& colormap) {
  ValueScale scale{colormap, ChooseNumberFormat(table)};
  for (const CellState& state : table.states) {
    const auto* measured = std::get_if<Measured>(&state);
    if (measured == nullptr) continue;
    scale.low = scale.has_values ? std::min(scale.low, measured->value) : measured->value;
    scale.high = scale.has_values ? std::max(scale.high, measured->value) : measured->value;
    scale.has_values = true;
  }
  scale.best = Describe(table.metric).higher_is_better ? scale.high : scale.low;
  return scale;
}

}  // namespace ollama_bench
