#pragma once

#include <cstddef>

#include "ollama_bench/core/axis.h"
#include "ollama_bench/render/scene.h"

// What pictures of a grid have in common: distances, and how large a cell is.
namespace ollama_bench {

inline constexpr double kMargin = 28;
inline constexpr double kNarrowest = 640;
inline constexpr double kHeaderGap = 16;  ///< between the header and what is above the plot
inline constexpr double kColorBarGap = 28;
inline constexpr double kLegendGap = 18;
inline constexpr double kAxisNameBelow = 24;  ///< room for the name below the labels

struct CellSize {
  double width = 0;
  double height = 0;
};

/// How large one table becomes.
struct PlotRoom {
  double width = 1200;  ///< usually
  double height = 560;
  double most_width = 8000;  ///< in any case
  double most_height = 8000;
};

/// `number_width`: of the widest number at size 1; 0 where cells hold none.
CellSize ChooseCellSize(const Grid& grid, double number_width, const PlotRoom& room = {});

/// Where the cell is drawn in a plot with this upper left corner; with a gap to the next where it
/// is large enough.
Box CellBox(Point plot, const CellSize& size, std::size_t row, std::size_t column);
/// Half of that gap.
double HalfGap(const CellSize& size);

/// The largest size at which a number that is `number_width` wide at size 1 has some air around it;
/// 0 where that would be too small to read.
double NumberTextSize(double number_width, const CellSize& cell);

/// Smaller text cannot be read.
inline constexpr double kSmallestText = 7;

}  // namespace ollama_bench
