#pragma once

#include <vector>

#include "ollama_bench/analysis/sweep_model.h"

namespace ollama_bench {

struct NormalPart {
  double weight = 0;  ///< the parts' weights add up to 1
  double mean = 0;
  double variance = 0;
};

/// Mean, deviation and central 95 % interval of a mixture of normal distributions.
LogPosterior Summarise(const std::vector<NormalPart>& parts);

}  // namespace ollama_bench
