#pragma once

#include "ollama_bench/analysis/result_table.h"
#include "ollama_bench/render/number_format.h"
#include "scene_builder.h"

// What pictures of a grid have in common: distances, and how large a cell is.
namespace ollama_bench {

inline constexpr double kMargin = 28;
inline constexpr double kNarrowest = 640;
inline constexpr double kHeaderGap = 16;  ///< between the header and the names of the axes
inline constexpr double kColorBarGap = 28;
inline constexpr double kLegendGap = 16;
inline constexpr double kAxisNameBelow = 24;  ///< room for the name below the labels

struct CellSize {
  double width = 0;
  double height = 0;
};

CellSize ChooseCellSize(const Grid& grid);

/// Where the cell is drawn in a plot with this upper left corner; with a gap to the next where it
/// is large enough.
Box CellBox(Point plot, const CellSize& size, std::size_t row, std::size_t column);

/// The largest size at which every value fits into a cell with some air around it; 0: none does.
double ValueTextSize(const ResultTable& table, const NumberFormat& format, const CellSize& cell,
                     const Font& font);

}  // namespace ollama_bench
