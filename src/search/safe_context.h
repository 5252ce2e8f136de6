#pragma once

#include <optional>
#include <vector>

#include "ollama_bench/search/search.h"
#include "ollama_bench/search/search_grid.h"
#include "search_model.h"

namespace ollama_bench {

/// What is known of each cell beside its rate.
struct CellFacts {
  std::vector<bool> barred;       ///< cannot be measured, for reasons of its own
  std::vector<double> cpu_share;  ///< of the loaded model outside the GPUs; 0 where unknown
};

/// The cell of the largest num_ctx that loses at most `max_loss` against the leader and stays
/// wholly on the GPUs, both almost for sure: a measured one if there is one, the fastest of those.
/// `belief` has a leader.
std::optional<SearchSafeContext> FindSafeContext(const SearchGrid& grid, const ValueModel& values,
                                                 const SearchBelief& belief, const CellFacts& facts,
                                                 double max_loss);

}  // namespace ollama_bench
