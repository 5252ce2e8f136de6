#pragma once

#include <cstddef>
#include <map>
#include <vector>

#include "ollama_bench/analysis/sweep_model.h"
#include "ollama_bench/analysis/verdict.h"

namespace ollama_bench {

inline constexpr std::size_t kFirstCandidates = 12;

/// The cells of the first block: the highest readings, which may be noise; low ones where the main
/// effects expect one of the best, which may be a slow moment; the best cell of each leading
/// column, since a block across columns separates the column's effect from drift; the rest by the
/// probability of being the best. `readings`: natural logs of the first loads of the pass.
std::vector<Cell> FirstCandidates(const SweepModel& model, const Decision& decision,
                                  const std::vector<Cell>& eligible,
                                  const std::map<Cell, double>& readings);

/// The `most` cells that are the most likely to be the best.
std::vector<Cell> LikeliestCandidates(const SweepModel& model, const Decision& decision,
                                      std::size_t most);

}  // namespace ollama_bench
