#include "start_design.h"

#include <gtest/gtest.h>

#include <set>

namespace ollama_bench {
namespace {

SearchGrid GridOf(int contexts, int batches) {
  Grid grid;
  for (int i = 1; i <= contexts; ++i) grid.across.values.push_back(i);
  for (int i = 1; i <= batches; ++i) grid.down.values.push_back(i);
  return SearchGrid(grid);
}

TEST(StartDesignTest, ItsCellsAreDistinctAndOfTheGrid) {
  for (const auto& [contexts, batches] : {std::pair{47, 17}, {1, 30}, {30, 1}, {4, 4}, {2, 9}}) {
    const SearchGrid grid = GridOf(contexts, batches);
    const auto design = StartDesign(grid, 12, 1);
    const std::set<std::size_t> distinct(design.begin(), design.end());
    EXPECT_EQ(distinct.size(), design.size());
    EXPECT_FALSE(design.empty());
    EXPECT_LE(design.size(), 12U);
    EXPECT_LT(*distinct.rbegin(), grid.CellCount());
  }
}

TEST(StartDesignTest, EveryTwelfthOfEachAxisIsVisitedOnce) {
  const SearchGrid grid = GridOf(48, 24);
  std::set<std::size_t> contexts;
  std::set<std::size_t> batches;
  for (const std::size_t cell : StartDesign(grid, 12, 5)) {
    contexts.insert(grid.AcrossIndex(cell) / 4);
    batches.insert(grid.DownIndex(cell) / 2);
  }
  EXPECT_EQ(contexts.size(), 12U);
  EXPECT_EQ(batches.size(), 12U);
}

TEST(StartDesignTest, ASmallGridIsVisitedWhole) {
  EXPECT_EQ(StartDesign(GridOf(3, 3), 12, 1).size(), 9U);
}

}  // namespace
}  // namespace ollama_bench
