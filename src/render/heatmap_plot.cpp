#include "heatmap_plot.h"

#include <algorithm>
#include <cmath>

namespace ollama_bench {
namespace {

constexpr double kWidestCell = 96;
constexpr double kHighestCell = 46;
constexpr double kSmallestCell = 4;  // while the plot can still grow
constexpr double kSmallestCellWithGap = 10;
constexpr double kLargestNumber = 13;
constexpr double kUsualNumber = 10;  // where there are many columns
constexpr double kAirBeside = 14;
constexpr double kLowestNumberRow = 17;

// Whole pixels, so that edges are sharp, unless there are more cells than pixels.
double CellExtent(double usual_plot, double largest_plot, double smallest, double largest,
                  std::size_t count) {
  const auto n = static_cast<double>(count);
  const double extent =
      std::floor(std::clamp(usual_plot / n, std::min(smallest, largest), largest));
  return std::min(extent, largest_plot / n);
}

}  // namespace

CellSize ChooseCellSize(const Grid& grid, double number_width, const PlotRoom& room) {
  const bool has_numbers = number_width > 0;
  const double narrowest =
      has_numbers ? std::ceil(number_width * kUsualNumber + kAirBeside) : kSmallestCell;
  const double width = CellExtent(room.width, room.most_width, narrowest,
                                  std::max(kWidestCell, narrowest), grid.across.values.size());
  const double highest = std::clamp(std::floor(width * 0.48), 26.0, kHighestCell);
  return {width,
          CellExtent(room.height, room.most_height, has_numbers ? kLowestNumberRow : kSmallestCell,
                     highest, grid.down.values.size())};
}

double HalfGap(const CellSize& size) {
  return std::min(size.width, size.height) >= kSmallestCellWithGap ? 0.5 : 0;
}

Box CellBox(Point plot, const CellSize& size, std::size_t row, std::size_t column) {
  const double gap = 2 * HalfGap(size);
  return {plot.x + size.width * static_cast<double>(column),
          plot.y + size.height * static_cast<double>(row), size.width - gap, size.height - gap};
}

double NumberTextSize(double number_width, const CellSize& cell) {
  constexpr double kMargins = 12;
  if (number_width <= 0 || cell.width <= kMargins) return 0;
  const double size =
      std::min({kLargestNumber, cell.height * 0.5, (cell.width - kMargins) / number_width});
  return size < kSmallestText ? 0 : size;
}

}  // namespace ollama_bench
