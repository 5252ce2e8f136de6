#pragma once

#include <vector>

#include "search_grid.h"

namespace ollama_bench {

/// What the cells need of a resource, need = k·num_ctx + g·num_batch + h·num_ctx·num_batch, for
/// one direction of (k, g, h): by cell, scaled to 0 to 1. `angle` turns from num_ctx alone (0) to
/// num_batch alone (π/2); `bilinear` is h on the same scale.
std::vector<double> NeedAlong(const SearchGrid& grid, double angle, double bilinear);

}  // namespace ollama_bench
