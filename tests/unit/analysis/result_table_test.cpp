#include "ollama_bench/analysis/result_table.h"

#include <gtest/gtest.h>

#include "ollama_bench/analysis/best_cell.h"
#include "support/failed_visit.h"
#include "support/sample_tables.h"

namespace ollama_bench {
namespace {

ResultTable MustBuild(const std::vector<CellResult>& results, const Grid& planned = {},
                      Metric metric = Metric::kPromptEvalRate) {
  auto table = BuildResultTable(results, planned, metric);
  EXPECT_TRUE(table) << table.error();
  return *table;
}

TEST(ResultTableTest, UnitesThePlannedAxesWithTheCellsPresentInAscendingOrder) {
  const Grid planned{{{3072, 1024}}, {{128, 64}}};
  const ResultTable table = MustBuild({ResultWithRates({2048, 96}, {50})}, planned);
  EXPECT_EQ(table.grid, (PairGrid({1024, 2048, 3072}, {64, 96, 128})));
  EXPECT_EQ(table.At(1, 1), CellState(Measured{50, 1}));
  EXPECT_EQ(table.CellAt(1, 2), (Cell{3072, 96}));
}

TEST(ResultTableTest, KnowsAPlannedCellWithoutAnEntryAsUntested) {
  const ResultTable table = MustBuild({}, MakeGrid(2, 2));
  EXPECT_EQ(table.states, std::vector<CellState>(4, Untested{}));
}

TEST(ResultTableTest, ShowsTheValueOfACellThatFailsNowAndThen) {
  CellResult result = ResultWithRates({1024, 64}, {50, 70});
  AddFailure(result, {FailureKind::kTimeout, "too slow", "", 1});
  EXPECT_EQ(MustBuild({result}).At(0, 0), CellState(Measured{60, 2}));
}

TEST(ResultTableTest, ShowsUnverifiedValuesButNeverAsTheBest) {
  CellResult old = ResultWithRates({1024, 64}, {900});
  old.samples[0].unverified = true;
  EXPECT_EQ(MustBuild({old}).At(0, 0), CellState(Measured{900, 1})) << "nothing to compare with";
  const ResultTable table = MustBuild({old, ResultWithRates({2048, 64}, {100})});
  EXPECT_EQ(table.At(0, 0), CellState(Measured{900, 1, true}));
  EXPECT_EQ(FindBestCell(table)->value, 100);
}

TEST(ResultTableTest, TellsFailuresAliasesAndExclusionsApart) {
  CellResult alias;
  alias.cell = {1024, 2048};
  alias.alias_of = Cell{1024, 1024};
  CellResult excluded = ResultWithRates({1024, 128}, {50});
  excluded.samples[0].excluded = Exclusion::kTruncated;
  const ResultTable table =
      MustBuild({FailedResult({1024, 64}, FailureKind::kOutOfMemory, "no room"), alias, excluded});
  EXPECT_EQ(table.At(0, 0), CellState(Failed{FailureKind::kOutOfMemory, "no room"}));
  EXPECT_EQ(table.At(1, 0), CellState(Excluded{Exclusion::kTruncated}));
  EXPECT_EQ(table.At(2, 0), CellState(AliasOf{{1024, 1024}}));
}

TEST(ResultTableTest, CallsACellWithNothingButAWarmUpUntested) {
  CellResult result = ResultWithRates({1024, 64}, {50});
  result.samples[0].role = SampleRole::kWarmUp;
  result.samples[0].excluded = Exclusion::kCached;
  EXPECT_EQ(MustBuild({result}).At(0, 0), CellState(Untested{}));
}

TEST(ResultTableTest, SaysWhenAMeasuredCellLacksTheMetric) {
  const ResultTable table = MustBuild({ResultWithRates({1024, 64}, {50})}, {}, Metric::kEvalRate);
  EXPECT_EQ(table.At(0, 0),
            CellState(Failed{FailureKind::kNoMetrics, "no eval rate was recorded"}));
}

TEST(ResultTableTest, LetsTheLaterOfTwoEntriesForACellCount) {
  const ResultTable table =
      MustBuild({ResultWithRates({1024, 64}, {50}), ResultWithRates({1024, 64}, {70})});
  EXPECT_EQ(table.states, std::vector<CellState>{CellState(Measured{70, 1})});
}

TEST(ResultTableTest, DoesNotBelieveAPlanThatNoConfigurationCanHave) {
  Grid planned;
  for (int i = 1; i <= 1000; ++i) {
    planned.across.values.push_back(i);
    planned.down.values.push_back(i);
  }
  const ResultTable table = MustBuild({ResultWithRates({5000, 64}, {50})}, planned);
  EXPECT_EQ(table.grid, (PairGrid({5000}, {64})));
}

TEST(ResultTableTest, RefusesCellsThatSpanTooManyCombinations) {
  std::vector<CellResult> results;
  for (int i = 1; i <= 400; ++i) results.push_back(ResultWithRates({i, i}, {50}));
  const auto table = BuildResultTable(results, {}, Metric::kPromptEvalRate);
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error(),
            "the results span 400 num_ctx and 400 num_batch values: more than "
            "100000 cells");
}

}  // namespace
}  // namespace ollama_bench
