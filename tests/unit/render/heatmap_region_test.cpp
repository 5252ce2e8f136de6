#include "heatmap_region.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace ollama_bench {
namespace {

constexpr double kWidth = 20;
constexpr double kHeight = 12;

GridRegion RandomRegion(std::mt19937& random, std::size_t columns, std::size_t rows) {
  GridRegion region{{7, 5}, kWidth, kHeight, columns, rows, {}};
  std::bernoulli_distribution holds(0.5);
  for (std::size_t i = 0; i < columns * rows; ++i) region.holds.push_back(holds(random));
  return region;
}

double LengthOf(const Polyline& line, bool is_closed) {
  double length = 0;
  for (std::size_t i = is_closed ? 0 : 1; i < line.size(); ++i) {
    const Point& from = line[i == 0 ? line.size() - 1 : i - 1];
    length += std::hypot(line[i].x - from.x, line[i].y - from.y);
  }
  return length;
}

double LengthOf(const std::vector<Polyline>& lines, bool is_closed) {
  double length = 0;
  for (const Polyline& line : lines) length += LengthOf(line, is_closed);
  return length;
}

// Positive: the region is inside.
double AreaOf(const std::vector<Polyline>& lines) {
  double twice = 0;
  for (const Polyline& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      const Point& next = line[(i + 1) % line.size()];
      twice += line[i].x * next.y - next.x * line[i].y;
    }
  }
  return twice / 2;
}

double EdgesOf(const GridRegion& region) {
  double length = 0;
  const auto holds = [&](std::size_t row, std::size_t column) {
    return row < region.rows && column < region.columns && region.Holds(row, column);
  };
  for (std::size_t row = 0; row < region.rows; ++row) {
    for (std::size_t column = 0; column < region.columns; ++column) {
      if (!holds(row, column)) continue;
      length += kWidth * (!holds(row - 1, column) + !holds(row + 1, column));
      length += kHeight * (!holds(row, column - 1) + !holds(row, column + 1));
    }
  }
  return length;
}

TEST(HeatmapRegionTest, OutlineRunsAlongEveryEdgeOnceAndEnclosesTheCells) {
  std::mt19937 random(1);
  for (int i = 0; i < 300; ++i) {
    const GridRegion region = RandomRegion(random, 1 + random() % 9, 1 + random() % 9);
    const auto cells = std::count(region.holds.begin(), region.holds.end(), true);
    const auto outline = OutlineOf(region);
    EXPECT_NEAR(LengthOf(outline, true), EdgesOf(region), 1e-6);
    EXPECT_NEAR(AreaOf(outline), static_cast<double>(cells) * kWidth * kHeight, 1e-6);
    EXPECT_EQ(outline.empty(), region.IsEmpty());
  }
}

TEST(HeatmapRegionTest, PartsThatTouchAtACornerHaveLinesOfTheirOwn) {
  const GridRegion region{{0, 0}, kWidth, kHeight, 2, 2, {true, false, false, true}};
  const auto outline = OutlineOf(region);
  ASSERT_EQ(outline.size(), 2U);
  for (const Polyline& line : outline) EXPECT_EQ(line.size(), 4U);
}

TEST(HeatmapRegionTest, HatchStaysInsideAndIsAsLongAsThatOfItsCells) {
  std::mt19937 random(2);
  for (int i = 0; i < 100; ++i) {
    const GridRegion region = RandomRegion(random, 1 + random() % 9, 1 + random() % 9);
    for (const Slant slant : {Slant::kRising, Slant::kFalling, Slant::kLevel}) {
      const auto lines = HatchOf(region, slant, 7);
      for (const Polyline& line : lines) {
        for (double share = 0.001; share < 1; share += 0.05) {
          const double x = line[0].x + (line[1].x - line[0].x) * share - region.corner.x;
          const double y = line[0].y + (line[1].y - line[0].y) * share - region.corner.y;
          const auto column = static_cast<std::size_t>(x / kWidth);
          const auto row = static_cast<std::size_t>(y / kHeight);
          ASSERT_TRUE(row < region.rows && column < region.columns && region.Holds(row, column));
        }
      }
      double by_cell = 0;
      for (std::size_t cell = 0; cell < region.holds.size(); ++cell) {
        if (!region.holds[cell]) continue;
        GridRegion one = region;
        one.holds.assign(region.holds.size(), false);
        one.holds[cell] = true;
        by_cell += LengthOf(HatchOf(one, slant, 7), false);
      }
      EXPECT_NEAR(LengthOf(lines, false), by_cell, 1e-6);
    }
  }
}

TEST(HeatmapRegionTest, HatchOfAnAreaGoesOnFromCellToCell) {
  const GridRegion region{{0, 0}, kWidth, kHeight, 6, 5, std::vector<bool>(30, true)};
  EXPECT_EQ(HatchOf(region, Slant::kRising, 10).size(), 18U) << "one for each 10 of 120 + 60";
  EXPECT_EQ(HatchOf(region, Slant::kFalling, 10).size(), 18U);
  EXPECT_EQ(HatchOf(region, Slant::kLevel, 10).size(), 6U);
}

}  // namespace
}  // namespace ollama_bench
