#include "heatmap_region.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

namespace ollama_bench {
namespace {

// Right, down, left, up: one step along the edges of the cells.
constexpr std::array<int, 4> kStepX = {1, 0, -1, 0};
constexpr std::array<int, 4> kStepY = {0, 1, 0, -1};

// Follows the edges with the region to the right of them.
class OutlineTracer {
 public:
  explicit OutlineTracer(const GridRegion& region)
      : region_(region),
        width_(static_cast<int>(region.columns) + 1),
        edges_((region.columns + 1) * (region.rows + 1)) {
    for (int row = 0; row < Rows(); ++row) {
      for (int column = 0; column < Columns(); ++column) {
        if (Holds(row, column)) AddEdgesOf(row, column);
      }
    }
  }

  std::vector<Polyline> Trace() {
    std::vector<Polyline> lines;
    for (int y = 0; y <= Rows(); ++y) {
      for (int x = 0; x < width_; ++x) {
        for (int direction = 0; direction < 4; ++direction) {
          if (HasEdge(x, y, direction)) lines.push_back(Follow(x, y, direction));
        }
      }
    }
    return lines;
  }

 private:
  [[nodiscard]] int Rows() const { return static_cast<int>(region_.rows); }
  [[nodiscard]] int Columns() const { return static_cast<int>(region_.columns); }
  [[nodiscard]] bool Holds(int row, int column) const {
    return row >= 0 && column >= 0 && row < Rows() && column < Columns() &&
           region_.Holds(static_cast<std::size_t>(row), static_cast<std::size_t>(column));
  }
  std::uint8_t& EdgesAt(int x, int y) { return edges_[static_cast<std::size_t>(y * width_ + x)]; }
  bool HasEdge(int x, int y, int direction) { return (EdgesAt(x, y) >> direction & 1) != 0; }
  void AddEdge(int x, int y, int direction) {
    EdgesAt(x, y) = static_cast<std::uint8_t>(EdgesAt(x, y) | 1 << direction);
  }
  void RemoveEdge(int x, int y, int direction) {
    EdgesAt(x, y) = static_cast<std::uint8_t>(EdgesAt(x, y) & ~(1 << direction));
  }

  void AddEdgesOf(int row, int column) {
    if (!Holds(row - 1, column)) AddEdge(column, row, 0);
    if (!Holds(row, column + 1)) AddEdge(column + 1, row, 1);
    if (!Holds(row + 1, column)) AddEdge(column + 1, row + 1, 2);
    if (!Holds(row, column - 1)) AddEdge(column, row + 1, 3);
  }

  Polyline Follow(int x, int y, int direction) {
    Polyline line;
    int previous = -1;
    while (HasEdge(x, y, direction)) {
      if (direction != previous) line.push_back(At(x, y));
      RemoveEdge(x, y, direction);
      previous = direction;
      x += kStepX[static_cast<std::size_t>(direction)];
      y += kStepY[static_cast<std::size_t>(direction)];
      // To the right first, so that the line stays at its part where two parts touch.
      for (const int turn : {1, 0, 3}) {
        if (!HasEdge(x, y, (previous + turn) % 4)) continue;
        direction = (previous + turn) % 4;
        break;
      }
    }
    return line;
  }

  [[nodiscard]] Point At(int x, int y) const {
    return {region_.corner.x + x * region_.cell_width, region_.corner.y + y * region_.cell_height};
  }

  const GridRegion& region_;
  int width_;
  std::vector<std::uint8_t> edges_;  // one bit per direction in which an edge leaves the corner
};

struct Run {
  double from = 0;
  double to = 0;
};

// The stretches of each row that the region holds, from the corner on.
std::vector<std::vector<Run>> RunsOf(const GridRegion& region) {
  std::vector<std::vector<Run>> runs(region.rows);
  for (std::size_t row = 0; row < region.rows; ++row) {
    for (std::size_t column = 0; column < region.columns; ++column) {
      if (!region.Holds(row, column)) continue;
      const double left = static_cast<double>(column) * region.cell_width;
      if (column > 0 && region.Holds(row, column - 1)) {
        runs[row].back().to = left + region.cell_width;
      } else {
        runs[row].push_back({left, left + region.cell_width});
      }
    }
  }
  return runs;
}

std::vector<Polyline> LevelLines(const GridRegion& region, double distance) {
  std::vector<Polyline> lines;
  const auto runs = RunsOf(region);
  for (std::size_t row = 0; row < region.rows; ++row) {
    const double top = static_cast<double>(row) * region.cell_height;
    for (double y = (std::floor(top / distance) + 0.5) * distance; y < top + region.cell_height;
         y += distance) {
      if (y <= top) continue;
      for (const Run& run : runs[row]) lines.push_back({{run.from, y}, {run.to, y}});
    }
  }
  return lines;
}

// Lines where x + y is the same, row by row; what meets at a row's edge is one line.
std::vector<Polyline> RisingLines(const GridRegion& region, double distance) {
  constexpr double kMeets = 1e-6;
  std::vector<Polyline> lines;
  const auto runs = RunsOf(region);
  const double longest = static_cast<double>(region.columns) * region.cell_width +
                         static_cast<double>(region.rows) * region.cell_height;
  for (double sum = distance / 2; sum < longest; sum += distance) {
    const std::size_t first = lines.size();
    for (std::size_t row = 0; row < region.rows; ++row) {
      const double top = static_cast<double>(row) * region.cell_height;
      const double right = sum - top;
      const double left = right - region.cell_height;
      for (auto run = runs[row].rbegin(); run != runs[row].rend(); ++run) {
        const double from = std::min(right, run->to);
        const double to = std::max(left, run->from);
        if (from <= to) continue;
        const bool goes_on = lines.size() > first && std::abs(lines.back()[1].x - from) < kMeets;
        if (goes_on) {
          lines.back()[1] = {to, sum - to};
        } else {
          lines.push_back({{from, sum - from}, {to, sum - to}});
        }
      }
    }
  }
  return lines;
}

GridRegion Mirrored(GridRegion region) {
  for (std::size_t row = 0; row < region.rows; ++row) {
    const auto begin = region.holds.begin() + static_cast<std::ptrdiff_t>(row * region.columns);
    std::reverse(begin, begin + static_cast<std::ptrdiff_t>(region.columns));
  }
  return region;
}

}  // namespace

bool GridRegion::IsEmpty() const {
  return std::find(holds.begin(), holds.end(), true) == holds.end();
}

std::vector<Polyline> OutlineOf(const GridRegion& region) {
  return OutlineTracer(region).Trace();
}

std::vector<Polyline> HatchOf(const GridRegion& region, Slant slant, double distance) {
  const bool is_mirrored = slant == Slant::kFalling;
  std::vector<Polyline> lines = slant == Slant::kLevel ? LevelLines(region, distance)
                                : is_mirrored          ? RisingLines(Mirrored(region), distance)
                                                       : RisingLines(region, distance);
  const double width = static_cast<double>(region.columns) * region.cell_width;
  for (Polyline& line : lines) {
    for (Point& point : line) {
      point = {region.corner.x + (is_mirrored ? width - point.x : point.x),
               region.corner.y + point.y};
    }
  }
  return lines;
}

}  // namespace ollama_bench
