#include "ollama_bench/analysis/slice.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <set>

#include "support/sample_tables.h"

namespace ollama_bench {
namespace {

/// Ascending values of some parameters, in the order of the parameters, as UnitedSpace makes them.
Space RandomSpace(std::mt19937& random) {
  Space space;
  for (const ParameterInfo& info : AllParameters()) {
    const bool is_large = space.CellCount() > 60;
    if (random() % 3 != 0 || is_large) continue;
    std::set<int> values;
    for (auto i = 1 + random() % 3; i > 0; --i) {
      const int most = std::min(3, info.highest - info.lowest);
      const auto number = static_cast<int>(random() % static_cast<unsigned>(most + 2));
      values.insert(number == 0 ? kAutoValue : info.lowest + number - 1);
    }
    space.Set(info.parameter, {values.begin(), values.end()});
  }
  return space;
}

std::vector<Cell> CellsOf(const Space& space) {
  std::vector<Cell> cells(space.axes.empty() ? 0 : 1);
  for (const Axis& axis : space.axes) {
    std::vector<Cell> all;
    for (const Cell& cell : cells) {
      for (const int value : axis.values) all.push_back(cell.With(axis.parameter, value));
    }
    cells = std::move(all);
  }
  return cells;
}

std::vector<CellResult> ResultsOf(const std::vector<Cell>& cells) {
  std::vector<CellResult> results;
  for (const Cell& cell : cells) results.push_back(ResultWithRates(cell, {50}));
  return results;
}

Grid OnlyGridOf(const Space& space, const Slice& slice = {}) {
  const auto grids = GridsOf(space, slice);
  if (!grids || grids->size() != 1) {
    ADD_FAILURE() << (grids ? "several tables" : grids.error());
    return {};
  }
  return grids->front();
}

std::string ErrorOf(const Space& space, const Slice& slice) {
  const auto grids = GridsOf(space, slice);
  return grids ? "accepted" : grids.error();
}

TEST(UnitedSpaceTest, UnitesThePlannedAxesWithTheCellsPresentInAscendingOrder) {
  const auto space =
      UnitedSpace({ResultWithRates({2048, 96}, {50})}, PairSpace({3072, 1024}, {128, 64}));
  EXPECT_EQ(space, PairSpace({1024, 2048, 3072}, {64, 96, 128}));
}

TEST(UnitedSpaceTest, WhatACellDoesNotSetIsAutoWhereAnotherSetsIt) {
  const std::vector<CellResult> results =
      ResultsOf({{1024, 64}, Cell(1024, 64).With(Parameter::kNumThread, 8)});
  const auto space = UnitedSpace(results, {});
  ASSERT_TRUE(space);
  EXPECT_EQ(space->ValuesOf(Parameter::kNumThread), (std::vector<int>{kAutoValue, 8}));
  EXPECT_EQ(space->axes.size(), 3U) << "what no cell sets is no axis";
}

TEST(UnitedSpaceTest, IsTheSmallestThatHoldsPlanAndCellsOfAnyParameters) {
  std::mt19937 random(11);
  for (int round = 0; round < 300; ++round) {
    const Space planned = RandomSpace(random);
    const std::vector<CellResult> results = ResultsOf(CellsOf(RandomSpace(random)));
    const auto united = UnitedSpace(results, planned);
    ASSERT_TRUE(united) << united.error();
    EXPECT_TRUE(
        std::is_sorted(united->axes.begin(), united->axes.end(),
                       [](const Axis& a, const Axis& b) { return a.parameter < b.parameter; }));
    for (const CellResult& result : results) EXPECT_TRUE(united->Contains(result.cell));
    for (const Axis& axis : united->axes) {
      EXPECT_TRUE(std::is_sorted(axis.values.begin(), axis.values.end()));
      EXPECT_EQ(std::set<int>(axis.values.begin(), axis.values.end()).size(), axis.values.size());
      const auto& of_plan = planned.ValuesOf(axis.parameter);
      for (const int value : axis.values) {
        const bool is_planned = std::find(of_plan.begin(), of_plan.end(), value) != of_plan.end();
        EXPECT_TRUE(is_planned ||
                    std::any_of(results.begin(), results.end(), [&](const CellResult& result) {
                      return result.cell[axis.parameter] == value;
                    }));
      }
    }
    for (const Axis& axis : planned.axes) {
      const auto& all = united->ValuesOf(axis.parameter);
      for (const int value : axis.values) {
        EXPECT_NE(std::find(all.begin(), all.end(), value), all.end());
      }
    }
  }
}

TEST(UnitedSpaceTest, DoesNotBelieveAPlanThatNoConfigurationCanHave) {
  std::vector<int> thousand(1000);
  std::iota(thousand.begin(), thousand.end(), 1);
  EXPECT_EQ(UnitedSpace({ResultWithRates({5000, 64}, {50})}, PairSpace(thousand, thousand)),
            PairSpace({5000}, {64}));
  Space of_three = PairSpace(thousand, thousand);
  of_three.Set(Parameter::kNumThread, {1, 2});
  EXPECT_EQ(UnitedSpace({ResultWithRates({5000, 64}, {50})}, of_three), PairSpace({5000}, {64}));
}

TEST(UnitedSpaceTest, RefusesCellsThatSpanTooManyCombinations) {
  std::vector<CellResult> results;
  for (int i = 1; i <= 400; ++i) results.push_back(ResultWithRates({i, i}, {50}));
  const auto space = UnitedSpace(results, {});
  ASSERT_FALSE(space);
  EXPECT_EQ(space.error(),
            "the results span 400 num_ctx and 400 num_batch values: more than 100000 cells");
  results.resize(316);
  EXPECT_TRUE(UnitedSpace(results, {})) << "99856 cells";
}

TEST(UnitedSpaceTest, HasNoAxesWithoutCells) {
  EXPECT_EQ(UnitedSpace({}, {}), Space());
}

TEST(SliceTest, AcrossAndDownAreTheFirstParametersWithSeveralValues) {
  Space space = PairSpace({4096}, {128, 512});
  EXPECT_EQ(OnlyGridOf(PairSpace({1, 2}, {3, 4})), PairGrid({1, 2}, {3, 4}));
  EXPECT_EQ(OnlyGridOf(space), PairGrid({4096}, {128, 512})) << "one more context changes nothing";
  space.Set(Parameter::kNumThread, {4, 8});
  const Grid grid = OnlyGridOf(space);
  EXPECT_EQ(grid.across, (Axis{Parameter::kNumBatch, {128, 512}}));
  EXPECT_EQ(grid.down, (Axis{Parameter::kNumThread, {4, 8}}));
  EXPECT_EQ(grid.fixed, Cell().With(Parameter::kNumCtx, 4096));
}

TEST(SliceTest, OneAxisIsOneRow) {
  for (const ParameterInfo& info : AllParameters()) {
    const Axis axis{info.parameter, {info.lowest, info.lowest + 1}};
    const Grid grid = OnlyGridOf({{axis}});
    EXPECT_EQ(grid.across, axis) << info.key;
    EXPECT_EQ(grid.down.values, std::vector<int>{kAutoValue}) << info.key;
    EXPECT_NE(grid.down.parameter, info.parameter);
    EXPECT_EQ(grid.CellAt(0, 1), Cell().With(info.parameter, info.lowest + 1));
  }
}

TEST(SliceTest, ASpaceWithoutAxesHasATableWithoutCells) {
  EXPECT_EQ(OnlyGridOf({}).CellCount(), 0U);
}

TEST(SliceTest, TheTablesHoldEachCellOfTheSpaceOnceWhateverTheAxes) {
  std::mt19937 random(12);
  for (int round = 0; round < 400; ++round) {
    const Space space = RandomSpace(random);
    if (space.axes.empty()) continue;
    Slice slice;
    if (random() % 2 == 0) slice.across = space.axes[random() % space.axes.size()].parameter;
    if (random() % 2 == 0) slice.down = space.axes[random() % space.axes.size()].parameter;
    const auto grids = GridsOf(space, slice);
    if (slice.across && slice.across == slice.down) {
      EXPECT_FALSE(grids);
      continue;
    }
    if (!grids) {
      EXPECT_GT(space.CellCount(), kMostTables);
      continue;
    }
    ASSERT_LE(grids->size(), kMostTables);
    std::set<Cell> cells;
    for (const Grid& grid : *grids) {
      EXPECT_TRUE(!slice.across || grid.across.parameter == slice.across);
      EXPECT_TRUE(!slice.down || grid.down.parameter == slice.down);
      EXPECT_EQ(grid.across, grids->front().across);
      EXPECT_EQ(grid.down, grids->front().down);
      for (std::size_t row = 0; row < grid.down.values.size(); ++row) {
        for (std::size_t column = 0; column < grid.across.values.size(); ++column) {
          EXPECT_TRUE(space.Contains(grid.CellAt(row, column)));
          EXPECT_TRUE(cells.insert(grid.CellAt(row, column)).second);
        }
      }
    }
    EXPECT_EQ(cells.size(), space.CellCount());
    EXPECT_TRUE(std::is_sorted(grids->begin(), grids->end(),
                               [](const Grid& a, const Grid& b) { return a.fixed < b.fixed; }));
  }
}

TEST(SliceTest, WhereKeepsTheCellsWithItsValuesAlone) {
  std::mt19937 random(13);
  for (int round = 0; round < 400; ++round) {
    const Space space = RandomSpace(random);
    if (space.axes.empty()) continue;
    const Axis& axis = space.axes[random() % space.axes.size()];
    Slice slice;
    slice.where = {{axis.parameter, {axis.values[random() % axis.values.size()]}}};
    const auto grids = GridsOf(space, slice);
    const std::size_t kept = space.CellCount() / axis.values.size();
    if (!grids) {
      EXPECT_GT(kept, kMostTables);
      continue;
    }
    std::size_t cells = 0;
    for (const Grid& grid : *grids) {
      cells += grid.CellCount();
      EXPECT_EQ(grid.CellAt(0, 0)[axis.parameter], slice.where[0].values[0]);
    }
    EXPECT_EQ(cells, kept);
  }
}

TEST(SliceTest, WhereMayAskForAuto) {
  Space space = PairSpace({1024}, {64, 128});
  space.Set(Parameter::kNumThread, {kAutoValue, 8});
  Slice slice;
  slice.where = {{Parameter::kNumThread, {kAutoValue}}};
  EXPECT_EQ(OnlyGridOf(space, slice), PairGrid({1024}, {64, 128}));
}

TEST(SliceTest, NamesWhatTheSpaceLacks) {
  const Space space = PairSpace({1024, 2048}, {64, 128});
  Slice across;
  across.across = Parameter::kNumThread;
  EXPECT_EQ(ErrorOf(space, across), "no cell sets num_thread");
  Slice down;
  down.down = Parameter::kUseMmap;
  EXPECT_EQ(ErrorOf(space, down), "no cell sets use_mmap");
  Slice twice;
  twice.across = twice.down = Parameter::kNumCtx;
  EXPECT_EQ(ErrorOf(space, twice), "num_ctx cannot be both axes");
  Slice where;
  where.where = {{Parameter::kNumCtx, {1024, 4096}}};
  EXPECT_EQ(ErrorOf(space, where), "no cell has num_ctx=4096");
  where.where = {{Parameter::kUseMmap, {1}}};
  EXPECT_EQ(ErrorOf(space, where), "no cell has use_mmap=true");
  where.where = {{Parameter::kNumCtx, {kAutoValue}}};
  EXPECT_EQ(ErrorOf(space, where), "no cell has num_ctx=auto");
}

TEST(SliceTest, ShowsAtMostSixtyFourTables) {
  Space space = PairSpace({1, 2}, {1, 2});
  std::vector<int> threads(64);
  std::iota(threads.begin(), threads.end(), 1);
  space.Set(Parameter::kNumThread, threads);
  EXPECT_EQ(GridsOf(space, {})->size(), kMostTables);
  threads.push_back(65);
  space.Set(Parameter::kNumThread, threads);
  EXPECT_EQ(AllGridsOf(space, {})->size(), 65U);
  EXPECT_EQ(ErrorOf(space, {}), "these are 65 tables, more than 64; choose with --where");
  Slice slice;
  slice.where = {{Parameter::kNumThread, {65}}};
  EXPECT_EQ(OnlyGridOf(space, slice).fixed, Cell().With(Parameter::kNumThread, 65));
}

std::string LinesErrorOf(const Space& space, const Slice& slice = {}) {
  const auto lines = LinesOf(space, slice);
  return lines ? "accepted" : lines.error();
}

TEST(LinesOfTest, HoldEveryCellOfASpaceOfAtMostTwoVaryingParameters) {
  std::mt19937 random(5);
  int accepted = 0;
  for (int round = 0; round < 500; ++round) {
    const Space space = RandomSpace(random);
    const auto varying = std::count_if(space.axes.begin(), space.axes.end(),
                                       [](const Axis& axis) { return axis.values.size() > 1; });
    const auto lines = LinesOf(space, {});
    ASSERT_EQ(lines.has_value(), varying <= 2);
    if (!lines) continue;
    ++accepted;
    ASSERT_EQ(lines->size(), 1U);
    EXPECT_EQ(lines->front().CellCount(), space.CellCount());
    EXPECT_GE(lines->front().across.values.size(), lines->front().down.values.size());
    for (const Cell& cell : CellsOf(space)) EXPECT_TRUE(lines->front().Contains(cell));
  }
  EXPECT_GT(accepted, 100);
}

TEST(LinesOfTest, GoOverTheParameterThatIsNamed) {
  const Space space = PairSpace({1024, 2048, 3072}, {64, 128});
  EXPECT_EQ(LinesOf(space, {})->front().across.parameter, Parameter::kNumCtx);
  Slice slice;
  slice.across = Parameter::kNumBatch;
  EXPECT_EQ(LinesOf(space, slice)->front().across.parameter, Parameter::kNumBatch);
  EXPECT_EQ(LinesOf(space, slice)->front().down.values.size(), 3U);
  slice.across = Parameter::kNumThread;
  EXPECT_EQ(LinesErrorOf(space, slice), "no cell sets num_thread");
}

TEST(LinesOfTest, SayWhichParametersToHold) {
  Space space = PairSpace({1024, 2048, 3072}, {64, 128});
  space.Set(Parameter::kNumThread, {2, 4});
  space.Set(Parameter::kUseMmap, {0, 1});
  const std::string error = LinesErrorOf(space);
  EXPECT_NE(error.find("--where num_thread=2 --where use_mmap=false"), std::string::npos) << error;
  Slice slice;
  slice.where = {{Parameter::kNumThread, {4}}, {Parameter::kUseMmap, {1}}};
  const auto lines = LinesOf(space, slice);
  ASSERT_TRUE(lines) << lines.error();
  EXPECT_EQ(lines->front().fixed,
            Cell().With(Parameter::kNumThread, 4).With(Parameter::kUseMmap, 1));
}

}  // namespace
}  // namespace ollama_bench
