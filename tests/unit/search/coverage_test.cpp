#include "start_design.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ollama_bench/core/random.h"

namespace ollama_bench {
namespace {

SearchGrid GridOf(int contexts, int batches) {
  Grid grid;
  for (int i = 1; i <= contexts; ++i) grid.across.values.push_back(1024 * i);
  for (int i = 1; i <= batches; ++i) grid.down.values.push_back(64 * i);
  return SearchGrid(grid);
}

std::vector<double> Everything(const SearchGrid& grid) {
  std::vector<double> worth(grid.CellCount());
  for (double& value : worth) value = 1.0;
  return worth;
}

TEST(CoverageTest, AFewVisitsBringEveryCellIntoSight) {
  const SearchGrid grid = GridOf(47, 17);
  const Coverage coverage(grid);
  std::vector<std::size_t> visits;
  while (const auto next = coverage.MostRevealing(visits, Everything(grid))) {
    visits.push_back(*next);
    ASSERT_LE(visits.size(), 60U);
  }
  for (std::size_t cell = 0; cell < grid.CellCount(); ++cell) {
    bool is_in_sight = false;
    for (const std::size_t visit : visits) {
      const double ctx = (static_cast<double>(grid.AcrossIndex(cell)) -
                          static_cast<double>(grid.AcrossIndex(visit))) /
                         46.0;
      const double batch =
          (static_cast<double>(grid.DownIndex(cell)) - static_cast<double>(grid.DownIndex(visit))) /
          16.0;
      is_in_sight |= std::hypot(ctx, batch) <= 0.131;
    }
    EXPECT_TRUE(is_in_sight) << cell;
  }
}

TEST(CoverageTest, WhatIsWorthNothingIsNeitherVisitedNorSought) {
  const SearchGrid grid = GridOf(20, 10);
  std::vector<double> worth(grid.CellCount(), 0.0);
  EXPECT_FALSE(Coverage(grid).MostRevealing({}, worth));
  EXPECT_FALSE(Coverage(grid).Farthest({}, worth));
  worth[grid.At(7, 3)] = 0.2;
  EXPECT_EQ(Coverage(grid).MostRevealing({}, worth), grid.At(7, 3));
  EXPECT_EQ(Coverage(grid).Farthest({}, worth), grid.At(7, 3));
}

TEST(CoverageTest, TheFarthestCellIsAsFarAsAnyOther) {
  const SearchGrid grid = GridOf(13, 7);
  const Coverage coverage(grid);
  Random random(5);
  std::vector<std::size_t> visits;
  for (int i = 0; i < 20; ++i) {
    visits.push_back(random.Below(grid.CellCount()));
    const auto farthest = coverage.Farthest(visits, Everything(grid));
    ASSERT_TRUE(farthest);
    for (std::size_t cell = 0; cell < grid.CellCount(); ++cell) {
      EXPECT_LE(coverage.Distance(visits, cell), coverage.Distance(visits, *farthest) + 1e-12);
    }
  }
}

TEST(CoverageTest, AGridOfOneCellIsInSightOfItself) {
  const SearchGrid grid = GridOf(1, 1);
  EXPECT_EQ(Coverage(grid).MostRevealing({}, {1.0}), 0U);
  EXPECT_FALSE(Coverage(grid).MostRevealing({0}, {1.0}));
  EXPECT_FALSE(Coverage(grid).Farthest({0}, {1.0}));
}

}  // namespace
}  // namespace ollama_bench
