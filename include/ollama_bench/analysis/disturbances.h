#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "ollama_bench/core/cell_result.h"

namespace ollama_bench {

/// A time in which other programs disturbed one sample after the other.
struct DisturbedSpell {
  std::string from;        ///< start of its first sample, as stored
  std::string to;          ///< of its last
  std::string cause;       ///< of the sample that was disturbed most
  double others_cpus = 0;  ///< that others kept busy then
  std::size_t samples = 0;
};

/// What others did to a sweep while it ran.
struct Disturbances {
  std::size_t samples = 0;             ///< that do not count for it
  std::size_t not_replaced = 0;        ///< loads that have no counted sample because of it
  std::vector<DisturbedSpell> spells;  ///< in the order of time
};

/// Over all of `results`. A spell ends where nothing was disturbed for ten minutes.
Disturbances FindDisturbances(std::span<const CellResult> results);

}  // namespace ollama_bench
