#pragma once

#include <memory>
#include <vector>

#include "effect_model.h"

namespace ollama_bench {

/// A point of the scales' posterior, and its share of the average.
struct WeightedPosterior {
  EffectScales scales;
  std::unique_ptr<EffectPosterior> effects;
  double weight = 0;  ///< they add up to 1
};

/// Finds the mode of the scales' posterior and the points around it that represent the rest. With
/// many loads it looks at fewer points, for each takes a factorisation.
std::vector<WeightedPosterior> AverageOverScales(const EffectData& data);

}  // namespace ollama_bench
