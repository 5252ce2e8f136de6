#pragma once

#include <cstddef>
#include <vector>

#include "ollama_bench/render/scene.h"

namespace ollama_bench {

/// Some cells of a grid that is drawn with its upper left corner at `corner`.
struct GridRegion {
  Point corner;
  double cell_width = 0;
  double cell_height = 0;
  std::size_t columns = 0;
  std::size_t rows = 0;
  std::vector<bool> holds;  ///< row after row

  [[nodiscard]] bool Holds(std::size_t row, std::size_t column) const {
    return holds[row * columns + column];
  }
  [[nodiscard]] bool IsEmpty() const;
};

/// The edges of the region as closed lines, one around each part and one around each hole. Parts
/// that touch at a corner alone are apart.
std::vector<Polyline> OutlineOf(const GridRegion& region);

enum class Slant { kRising, kFalling, kLevel };

/// Parallel lines, `distance` apart, cut at the region's edges. They go on from cell to cell.
std::vector<Polyline> HatchOf(const GridRegion& region, Slant slant, double distance);

}  // namespace ollama_bench
