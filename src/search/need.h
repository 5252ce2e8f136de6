#pragma once

#include <vector>

#include "search_grid.h"

namespace ollama_bench {

/// What the cells need of a resource, need = k·a + g·d + h·a·d of the values across (a) and down
/// (d), for one direction of (k, g, h): by cell, scaled to 0 to 1. `angle` turns from a alone (0)
/// to d alone (π/2); `bilinear` is h on the same scale.
std::vector<double> NeedAlong(const SearchGrid& grid, double angle, double bilinear);

}  // namespace ollama_bench
