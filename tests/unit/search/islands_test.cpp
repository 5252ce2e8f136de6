#include "islands.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace ollama_bench {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;

SearchGrid GridOf(int contexts, int batches) {
  Grid grid;
  for (int i = 1; i <= contexts; ++i) grid.across.values.push_back(2048 * i);
  for (int i = 1; i <= batches; ++i) grid.down.values.push_back(128 * i);
  return SearchGrid(grid);
}

TEST(IslandsTest, AnIslandFallsFromItsTopToNothingWhereItEnds) {
  const SearchGrid grid = GridOf(47, 17);
  const Islands islands(grid);
  for (const Island& island : islands.all()) {
    EXPECT_EQ(islands.Height(island, island.top), 1.0);
    const Eigen::VectorXd shape = *islands.Shape(island);
    for (std::size_t cell = 0; cell < grid.CellCount(); ++cell) {
      const double squared = grid.SquaredDistance(island.top, cell);
      const double height = shape[static_cast<Index>(cell)];
      const double end = island.reach * island.reach;
      if (std::abs(squared - end) > 1e-9) {
        EXPECT_EQ(height > 0.0, squared < end) << cell;
      }
      EXPECT_LE(height, 1.0);
    }
  }
}

TEST(IslandsTest, NoCellIsFarBelowTheTopOfAllIslandsOfAReach) {
  const SearchGrid grid = GridOf(100, 40);
  const Islands islands(grid);
  std::vector<std::size_t> cells(grid.CellCount());
  for (std::size_t cell = 0; cell < cells.size(); ++cell) cells[cell] = cell;
  const MatrixXd heights = islands.Heights(cells);
  for (const double reach : {islands.all()[0].reach, islands.all()[1].reach}) {
    for (Index cell = 0; cell < heights.rows(); ++cell) {
      double highest = 0.0;
      for (Index i = 0; i < heights.cols(); ++i) {
        const Island& island = islands.all()[static_cast<std::size_t>(i)];
        if (island.reach == reach) highest = std::max(highest, heights(cell, i));
      }
      EXPECT_GT(highest, 0.4) << cell << " reach " << reach;
    }
  }
}

TEST(IslandsTest, EachCellOfASmallGridIsATop) {
  const SearchGrid grid = GridOf(1, 5);
  EXPECT_EQ(Islands(grid).tops(), (std::vector<std::size_t>{0, 1, 2, 3, 4}));
  EXPECT_TRUE(Islands(SearchGrid(Grid{})).all().empty());
}

}  // namespace
}  // namespace ollama_bench
