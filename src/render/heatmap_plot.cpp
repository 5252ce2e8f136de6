#include "heatmap_plot.h"

#include <algorithm>
#include <cmath>

namespace ollama_bench {
namespace {

constexpr double kWidestCell = 104;
constexpr double kHighestCell = 56;
constexpr double kUsualPlotWidth = 2160;
constexpr double kUsualPlotHeight = 900;
constexpr double kSmallestCell = 4;  // while the plot can still grow
constexpr double kLargestPlot = 8000;
constexpr double kSmallestCellWithGap = 10;

// Whole pixels, so that edges are sharp, unless there are more cells than pixels.
double CellExtent(double usual_plot, double largest, std::size_t count) {
  const auto n = static_cast<double>(count);
  const double extent = std::floor(std::clamp(usual_plot / n, kSmallestCell, largest));
  return std::min(extent, kLargestPlot / n);
}

}  // namespace

CellSize ChooseCellSize(const Grid& grid) {
  const double width = CellExtent(kUsualPlotWidth, kWidestCell, grid.num_ctx.values.size());
  const double highest = std::clamp(std::floor(width * 0.62), 24.0, kHighestCell);
  return {width, CellExtent(kUsualPlotHeight, highest, grid.num_batch.values.size())};
}

Box CellBox(Point plot, const CellSize& size, std::size_t row, std::size_t column) {
  const double gap = std::min(size.width, size.height) >= kSmallestCellWithGap ? 1 : 0;
  return {plot.x + size.width * static_cast<double>(column),
          plot.y + size.height * static_cast<double>(row), size.width - gap, size.height - gap};
}

double ValueTextSize(const ResultTable& table, const NumberFormat& format, const CellSize& cell,
                     const Font& font) {
  constexpr double kLargest = 15;
  constexpr double kMargins = 10;
  double widest = 0;
  for (const CellState& state : table.states) {
    if (const auto* measured = std::get_if<Measured>(&state)) {
      widest = std::max(widest, font.Width(format(measured->value), 1));
    }
  }
  if (widest == 0 || cell.width <= kMargins) return 0;
  return std::min({kLargest, cell.height * 0.46, (cell.width - kMargins) / widest});
}

}  // namespace ollama_bench
