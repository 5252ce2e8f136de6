#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "search_model.h"

namespace ollama_bench {

/// What joint draws of the cells that could be best say of the leader.
struct Certainty {
  double probability = 0.0;               ///< that the leader is within the tolerance of the best
  std::vector<std::size_t> equals;        ///< measured, not shown to be slower by the tolerance
  std::optional<std::size_t> challenger;  ///< the cell that beats the leader most often
};

/// `belief` has a leader. Deterministic for `seed`.
Certainty DrawCertainty(const SearchModel& model, const SearchBelief& belief, double tolerance,
                        std::uint64_t seed);

}  // namespace ollama_bench
