#include "ollama_bench/core/axis.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <random>
#include <set>

#include "support/pair.h"

namespace ollama_bench {
namespace {

std::vector<int> UpTo(int last) {
  std::vector<int> values(static_cast<std::size_t>(last));
  std::iota(values.begin(), values.end(), 1);
  return values;
}

TEST(SpaceTest, CountsItsCellsAndStopsAtTheLargestNumber) {
  EXPECT_EQ(Space().CellCount(), 0U);
  Space space;
  std::size_t expected = 1;
  for (const ParameterInfo& info : AllParameters()) {
    space.axes.push_back({info.parameter, UpTo(100'000)});
    const bool fits = expected <= std::numeric_limits<std::size_t>::max() / 100'000;
    expected = fits ? expected * 100'000 : std::numeric_limits<std::size_t>::max();
    EXPECT_EQ(space.CellCount(), expected) << info.key;
  }
  EXPECT_EQ(expected, std::numeric_limits<std::size_t>::max()) << "the last ones do not fit";
}

TEST(SpaceTest, ContainsACombinationOfItsValuesAndNoCellThatSetsMore) {
  const Space space{{{Parameter::kNumThread, {8, 4}}, {Parameter::kNumCtx, {1024, kAutoValue}}}};
  for (const int threads : {8, 4}) {
    for (const int context : {1024, kAutoValue}) {
      const Cell cell(context, kAutoValue);
      EXPECT_TRUE(space.Contains(cell.With(Parameter::kNumThread, threads)));
      EXPECT_FALSE(space.Contains(cell)) << "no value of num_thread";
      EXPECT_FALSE(space.Contains(cell.With(Parameter::kNumThread, threads + 1)));
      EXPECT_FALSE(space.Contains(
          cell.With(Parameter::kNumThread, threads).With(Parameter::kNumBatch, 512)));
    }
  }
  EXPECT_FALSE(Space().Contains(Cell())) << "no axis has no cell";
}

TEST(SpaceTest, SettingAnAxisReplacesItInItsPlaceAppendsItOrRemovesIt) {
  Space space = PairSpace({1, 2}, {3});
  space.Set(Parameter::kNumCtx, {7});
  EXPECT_EQ(space, PairSpace({7}, {3}));
  space.Set(Parameter::kUseMmap, {1, 0});
  ASSERT_EQ(space.axes.size(), 3U);
  EXPECT_EQ(space.axes.back(), (Axis{Parameter::kUseMmap, {1, 0}}));
  EXPECT_EQ(space.ValuesOf(Parameter::kUseMmap), (std::vector<int>{1, 0}));
  space.Set(Parameter::kNumCtx, {});
  EXPECT_EQ(space.Find(Parameter::kNumCtx), nullptr);
  EXPECT_TRUE(space.ValuesOf(Parameter::kNumCtx).empty());
  EXPECT_EQ(space.axes.front().parameter, Parameter::kNumBatch);
  const Space before = space;
  space.Set(Parameter::kNumCtx, {});
  EXPECT_EQ(space, before) << "there is nothing to remove";
}

TEST(GridTest, TheCellAtAPlaceIsAtThatPlace) {
  Grid grid{{Parameter::kNumThread, {8, kAutoValue, 4}},
            {Parameter::kPromptTokens, {256, 512}},
            Cell(4096, 512)};
  std::set<Cell> cells;
  for (std::size_t row = 0; row < 2; ++row) {
    for (std::size_t column = 0; column < 3; ++column) {
      const Cell cell = grid.CellAt(row, column);
      EXPECT_EQ(grid.PlaceOf(cell), row * 3 + column);
      EXPECT_EQ(cell[Parameter::kNumCtx], 4096);
      EXPECT_TRUE(cells.insert(cell).second);
      EXPECT_TRUE(SpaceOf(grid).Contains(cell));
      for (const ParameterInfo& info : AllParameters()) {
        EXPECT_FALSE(grid.Contains(cell.With(info.parameter, info.highest)))
            << info.key << ": a value that the grid has not";
      }
    }
  }
  EXPECT_EQ(cells.size(), grid.CellCount());
  EXPECT_EQ(Grid().CellCount(), 0U);
  EXPECT_FALSE(Grid().Contains(Cell()));
}

TEST(AxisTest, WhatIsWrittenIsReadBackToTheSameValues) {
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    Axis axis{Parameter::kNumBatch, {}};
    if (round % 2 == 0) {
      const int step = 1 + static_cast<int>(random() % 5000);
      const int start = 1 + static_cast<int>(random() % 100'000);
      for (auto i = 1 + random() % 30; i > 0; --i) {
        axis.values.push_back(start + step * static_cast<int>(axis.values.size()));
      }
    } else {
      std::set<int> values;
      for (auto i = 1 + random() % 6; i > 0; --i) {
        values.insert(1 + static_cast<int>(random() % (1U << 30U)));
      }
      axis.values.assign(values.begin(), values.end());
      std::shuffle(axis.values.begin(), axis.values.end(), random);
    }
    EXPECT_EQ(ParseAxis(axis.parameter, DescribeAxis(axis)), axis) << DescribeAxis(axis);
  }
}

TEST(AxisTest, WritesEvenStepsAsARangeAndOthersAsAList) {
  const auto described = [](Parameter parameter, std::vector<int> values) {
    return DescribeAxis({parameter, std::move(values)});
  };
  EXPECT_EQ(described(Parameter::kNumCtx, {1024, 2048, 3072}), "1024-3072:1024");
  EXPECT_EQ(described(Parameter::kNumCtx, {1, 2}), "1-2:1");
  EXPECT_EQ(described(Parameter::kNumCtx, {2, 1}), "2,1");
  EXPECT_EQ(described(Parameter::kNumCtx, {1, 2, 4}), "1,2,4");
  EXPECT_EQ(described(Parameter::kNumCtx, {4096}), "4096");
  EXPECT_EQ(described(Parameter::kNumCtx, {kAutoValue, 4096}), "auto,4096");
  EXPECT_EQ(described(Parameter::kUseMmap, {0, 1}), "false,true");
  EXPECT_EQ(described(Parameter::kNumCtx, {}), "");
}

TEST(AxisTest, RefusesWhatIsNoAxisOrHasTooManyValues) {
  for (const char* text : {"",
                           "x",
                           "1,",
                           ",1",
                           "1,,2",
                           "1,2,1",
                           "1-2",
                           "1-2:",
                           "1-2:0",
                           "2-1:1",
                           "-1",
                           "0",
                           "1;2",
                           "1-2:1x",
                           "1 ",
                           "auto",
                           "99999999999",
                           "1-99999999999:1",
                           "1-100001:1",
                           "1-1073741824:1"}) {
    EXPECT_EQ(ParseAxis(Parameter::kNumCtx, text), std::nullopt) << text;
  }
  EXPECT_EQ(ParseAxis(Parameter::kNumCtx, "1-100000:1")->values.size(), 100'000U);
}

}  // namespace
}  // namespace ollama_bench
