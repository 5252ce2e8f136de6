#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ollama_bench/core/axis.h"

namespace ollama_bench {

/// The truth of one simulated machine, by cell, all num_batch of one num_ctx first.
struct Surface {
  std::string family;
  Grid grid;
  std::vector<double> rate;       ///< tokens/s; 0: the cell does not load
  std::vector<double> cpu_share;  ///< 0 to 1
  double best = 0.0;              ///< the highest rate
};

inline constexpr int kFamilies = 9;
std::string_view FamilyName(int family);

/// A surface of `family` (0 to 8: F1 to F9), another one for each seed, on 47 × 17 cells.
Surface MakeSurface(int family, std::uint64_t seed);

}  // namespace ollama_bench
