#pragma once

#include <cstddef>
#include <vector>

#include "search_model.h"

namespace ollama_bench {

/// By cell: how much faster than the leader the answer is expected to become, relative, when the
/// cell or the leader is visited once more, whichever informs more about their difference. 0 for
/// the leader and for cells that cannot be or are not likely to be fast. `belief` has a leader.
/// Source: the knowledge gradient for correlated beliefs (Frazier, Powell and Dayanik, 2009), for
/// each cell as if it and the leader were alone.
std::vector<double> ExpectedGains(const ValueModel& values, const SearchBelief& belief);

/// The variance that one more visit of `at` is expected to take from the difference of two cells.
double Told(const ValueModel& values, const SearchBelief& belief, std::size_t at, std::size_t a,
            std::size_t b);

}  // namespace ollama_bench
