#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "search_grid.h"

namespace ollama_bench {

/// The first cells of a search, distinct: a Latin hypercube of about `size` cells that keeps its
/// cells far from each other. All cells of a grid that has no more than `size`.
std::vector<std::size_t> StartDesign(const SearchGrid& grid, std::size_t size, std::uint64_t seed);

}  // namespace ollama_bench
