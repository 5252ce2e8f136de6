#include "ollama_bench/plan/plan_cells.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace ollama_bench {
namespace {

using Cells = std::vector<Cell>;

TEST(PlanCellsTest, FinishesOneNumCtxBeforeTheNext) {
  EXPECT_EQ(PlanCells({{{32768, 34816}}, {{128, 256}}}, false),
            (Cells{{32768, 128}, {32768, 256}, {34816, 128}, {34816, 256}}));
}

TEST(PlanCellsTest, FinishesOneNumBatchBeforeTheNextWhenRowsComeFirst) {
  EXPECT_EQ(PlanCells({{{32768, 34816}}, {{128, 256}}}, true),
            (Cells{{32768, 128}, {34816, 128}, {32768, 256}, {34816, 256}}));
}

TEST(PlanCellsTest, KeepsTheOrderOfTheAxes) {
  EXPECT_EQ(PlanCells({{{9, 3}}, {{5}}}, false), (Cells{{9, 5}, {3, 5}}));
}

TEST(PlanCellsTest, HoldsEachCellOnceInEitherOrder) {
  Grid grid;
  for (int i = 1; i <= 47; ++i) grid.num_ctx.values.push_back(i * 7);
  for (int i = 1; i <= 17; ++i) grid.num_batch.values.push_back(i * 3);
  Cells columns = PlanCells(grid, false);
  Cells rows = PlanCells(grid, true);
  EXPECT_NE(columns, rows);
  EXPECT_EQ(std::set<Cell>(columns.begin(), columns.end()).size(), 799U);
  std::sort(columns.begin(), columns.end());
  std::sort(rows.begin(), rows.end());
  EXPECT_EQ(columns, rows);
}

}  // namespace
}  // namespace ollama_bench
