#include "ollama_bench/analysis/result_table.h"

#include <gtest/gtest.h>

#include "ollama_bench/analysis/best_cell.h"
#include "support/failed_visit.h"
#include "support/sample_tables.h"

namespace ollama_bench {
namespace {

TEST(ResultTableTest, HoldsTheGridsCellsInItsOrderAndNoOthers) {
  const Grid grid = PairGrid({3072, 1024}, {128, 64});
  const ResultTable table =
      BuildResultTable({ResultWithRates({2048, 96}, {1}), ResultWithRates({1024, 64}, {50})}, grid,
                       Metric::kPromptEvalRate);
  EXPECT_EQ(table.grid, grid);
  EXPECT_EQ(table.states,
            (std::vector<CellState>{Untested{}, Untested{}, Untested{}, Measured{50, 1}}));
  EXPECT_EQ(table.CellAt(1, 0), (Cell{3072, 64}));
}

TEST(ResultTableTest, TakesTheCellsThatHaveTheGridsOtherValues) {
  Grid grid = PairGrid({1024}, {64});
  grid.fixed.Set(Parameter::kNumThread, 4);
  const Cell cell{1024, 64};
  const std::vector<CellResult> results = {
      ResultWithRates(cell, {1}), ResultWithRates(cell.With(Parameter::kNumThread, 8), {2})};
  EXPECT_EQ(BuildResultTable(results, grid, Metric::kPromptEvalRate).At(0, 0),
            CellState(Untested{}));
  grid.fixed.Set(Parameter::kNumThread, 8);
  EXPECT_EQ(BuildResultTable(results, grid, Metric::kPromptEvalRate).At(0, 0),
            CellState(Measured{2, 1}));
}

TEST(ResultTableTest, KnowsAPlannedCellWithoutAnEntryAsUntested) {
  const ResultTable table = BuildResultTable({}, MakeGrid(2, 2), Metric::kPromptEvalRate);
  EXPECT_EQ(table.states, std::vector<CellState>(4, Untested{}));
}

TEST(ResultTableTest, ShowsTheValueOfACellThatFailsNowAndThen) {
  CellResult result = ResultWithRates({1024, 64}, {50, 70});
  AddFailure(result, {FailureKind::kTimeout, "too slow", "", 1});
  EXPECT_EQ(TableOf({result}).At(0, 0), CellState(Measured{60, 2}));
}

TEST(ResultTableTest, ShowsUnverifiedValuesButNeverAsTheBest) {
  CellResult old = ResultWithRates({1024, 64}, {900});
  old.samples[0].unverified = true;
  EXPECT_EQ(TableOf({old}).At(0, 0), CellState(Measured{900, 1})) << "nothing to compare with";
  const ResultTable table = TableOf({old, ResultWithRates({2048, 64}, {100})});
  EXPECT_EQ(table.At(0, 0), CellState(Measured{900, 1, true}));
  EXPECT_EQ(FindBestCell(Only(table))->value, 100);
}

TEST(ResultTableTest, TellsFailuresAliasesAndExclusionsApart) {
  CellResult alias;
  alias.cell = {1024, 2048};
  alias.alias_of = Cell{1024, 1024};
  CellResult excluded = ResultWithRates({1024, 128}, {50});
  excluded.samples[0].excluded = Exclusion::kTruncated;
  const ResultTable table =
      TableOf({FailedResult({1024, 64}, FailureKind::kOutOfMemory, "no room"), alias, excluded});
  EXPECT_EQ(table.At(0, 0), CellState(Failed{FailureKind::kOutOfMemory, "no room"}));
  EXPECT_EQ(table.At(1, 0), CellState(Excluded{Exclusion::kTruncated}));
  EXPECT_EQ(table.At(2, 0), CellState(AliasOf{{1024, 1024}}));
}

TEST(ResultTableTest, CallsACellWithNothingButAWarmUpUntested) {
  CellResult result = ResultWithRates({1024, 64}, {50});
  result.samples[0].role = SampleRole::kWarmUp;
  result.samples[0].excluded = Exclusion::kCached;
  EXPECT_EQ(TableOf({result}).At(0, 0), CellState(Untested{}));
}

TEST(ResultTableTest, SaysWhenAMeasuredCellLacksTheMetric) {
  const ResultTable table = TableOf({ResultWithRates({1024, 64}, {50})}, Metric::kEvalRate);
  EXPECT_EQ(table.At(0, 0),
            CellState(Failed{FailureKind::kNoMetrics, "no eval rate was recorded"}));
}

TEST(ResultTableTest, LetsTheLaterOfTwoEntriesForACellCount) {
  const ResultTable table =
      TableOf({ResultWithRates({1024, 64}, {50}), ResultWithRates({1024, 64}, {70})});
  EXPECT_EQ(table.states, std::vector<CellState>{CellState(Measured{70, 1})});
}

}  // namespace
}  // namespace ollama_bench
