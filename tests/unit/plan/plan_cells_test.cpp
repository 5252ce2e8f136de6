#include "ollama_bench/plan/plan_cells.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "support/pair.h"

namespace ollama_bench {
namespace {

using Cells = std::vector<Cell>;

TEST(PlanCellsTest, FinishesOneNumCtxBeforeTheNext) {
  EXPECT_EQ(PlanCells(PairSpace({32768, 34816}, {128, 256}), false),
            (Cells{{32768, 128}, {32768, 256}, {34816, 128}, {34816, 256}}));
}

TEST(PlanCellsTest, FinishesOneNumBatchBeforeTheNextWhenRowsComeFirst) {
  EXPECT_EQ(PlanCells(PairSpace({32768, 34816}, {128, 256}), true),
            (Cells{{32768, 128}, {34816, 128}, {32768, 256}, {34816, 256}}));
}

TEST(PlanCellsTest, KeepsTheOrderOfTheAxes) {
  EXPECT_EQ(PlanCells(PairSpace({9, 3}, {5}), false), (Cells{{9, 5}, {3, 5}}));
}

TEST(PlanCellsTest, HoldsEachCellOnceInEitherOrder) {
  Grid grid;
  for (int i = 1; i <= 47; ++i) grid.across.values.push_back(i * 7);
  for (int i = 1; i <= 17; ++i) grid.down.values.push_back(i * 3);
  Cells columns = PlanCells(SpaceOf(grid), false);
  Cells rows = PlanCells(SpaceOf(grid), true);
  EXPECT_NE(columns, rows);
  EXPECT_EQ(std::set<Cell>(columns.begin(), columns.end()).size(), 799U);
  std::sort(columns.begin(), columns.end());
  std::sort(rows.begin(), rows.end());
  EXPECT_EQ(columns, rows);
}

// Some parameters in any order, with some of their values each.
Space RandomSpace(std::mt19937& random) {
  std::vector<ParameterInfo> infos(AllParameters().begin(), AllParameters().end());
  std::shuffle(infos.begin(), infos.end(), random);
  infos.resize(1 + random() % 5);
  Space space;
  for (const ParameterInfo& info : infos) {
    std::vector<int> values{kAutoValue, info.lowest, info.lowest + 1};
    if (info.highest > info.lowest + 1) values.push_back(info.highest);
    std::shuffle(values.begin(), values.end(), random);
    values.resize(1 + random() % values.size());
    space.Set(info.parameter, values);
  }
  return space;
}

// How often two cells that follow each other differ in the value.
std::map<Parameter, std::size_t> Changes(const Cells& cells) {
  std::map<Parameter, std::size_t> changes;
  for (std::size_t i = 1; i < cells.size(); ++i) {
    for (const ParameterInfo& info : AllParameters()) {
      if (cells[i][info.parameter] != cells[i - 1][info.parameter]) ++changes[info.parameter];
    }
  }
  return changes;
}

TEST(PlanCellsTest, HoldsEachCellOfAnySpaceOnceAndNoOther) {
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    const Space space = RandomSpace(random);
    const Cells cells = PlanCells(space, round % 2 == 0);
    ASSERT_EQ(cells.size(), space.CellCount());
    EXPECT_EQ(std::set<Cell>(cells.begin(), cells.end()).size(), cells.size());
    for (const Cell& cell : cells) EXPECT_TRUE(space.Contains(cell)) << NameOf(cell);
  }
  EXPECT_TRUE(PlanCells({}, false).empty());
}

TEST(PlanCellsTest, WhatIsDearerToChangeChangesLessOftenAndAmongEqualsWhatIsWrittenFirst) {
  std::mt19937 random(6);
  for (int round = 0; round < 300; ++round) {
    const bool row_first = round % 2 == 0;
    const Space space = RandomSpace(random);
    auto changes = Changes(PlanCells(space, row_first));
    for (std::size_t i = 0; i < space.axes.size(); ++i) {
      for (std::size_t j = 0; j < space.axes.size(); ++j) {
        const Axis& a = space.axes[i];
        const Axis& b = space.axes[j];
        if (i == j || a.values.size() < 2 || b.values.size() < 2) continue;
        const Scope of_a = Describe(a.parameter).scope;
        const Scope of_b = Describe(b.parameter).scope;
        const bool is_pair =
            a.parameter <= Parameter::kNumBatch || b.parameter <= Parameter::kNumBatch;
        if (of_a < of_b || (of_a == of_b && i < j && !is_pair)) {
          EXPECT_LT(changes[a.parameter], changes[b.parameter])
              << KeyOf(a.parameter) << ' ' << KeyOf(b.parameter);
        }
      }
    }
    const bool has_pair = space.ValuesOf(Parameter::kNumCtx).size() > 1 &&
                          space.ValuesOf(Parameter::kNumBatch).size() > 1;
    if (has_pair) {
      EXPECT_EQ(changes[Parameter::kNumCtx] < changes[Parameter::kNumBatch], !row_first);
    }
  }
}

TEST(PlanCellsTest, WhateverIsWrittenFirstThePairTurnsByRowFirstAlone) {
  const Space one{{{Parameter::kNumBatch, {128, 256}}, {Parameter::kNumCtx, {2, 1}}}};
  const Space other{{{Parameter::kNumCtx, {2, 1}}, {Parameter::kNumBatch, {128, 256}}}};
  for (const bool row_first : {false, true}) {
    EXPECT_EQ(PlanCells(one, row_first), PlanCells(other, row_first));
  }
}

}  // namespace
}  // namespace ollama_bench
