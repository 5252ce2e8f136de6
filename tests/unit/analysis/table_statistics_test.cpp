#include "ollama_bench/analysis/result_table.h"

#include <gtest/gtest.h>

#include "support/sample_tables.h"

namespace ollama_bench {
namespace {

TEST(TableStatisticsTest, CountsEachStateAndKindOfFailure) {
  ResultTable table{Metric::kPromptEvalRate, MakeGrid(4, 2), {}};
  table.states = {Measured{1, 1},
                  Measured{2, 1},
                  Untested{},
                  Excluded{},
                  AliasOf{},
                  Failed{FailureKind::kTimeout, ""},
                  Failed{FailureKind::kOutOfMemory, ""},
                  Failed{FailureKind::kTimeout, ""}};
  const TableStatistics statistics = ComputeStatistics(Only(table));
  EXPECT_EQ(statistics.combinations, 8U);
  EXPECT_EQ(statistics.successful, 2U);
  EXPECT_EQ(statistics.failed, 3U);
  EXPECT_EQ(statistics.excluded, 1U);
  EXPECT_EQ(statistics.aliases, 1U);
  EXPECT_EQ(statistics.untested, 1U);
  EXPECT_EQ(statistics.failed_by_kind,
            (std::map<FailureKind, std::size_t>{{FailureKind::kOutOfMemory, 1},
                                                {FailureKind::kTimeout, 2}}));
}

TEST(TableStatisticsTest, SummarizesTheMeasuredValues) {
  ResultTable table{Metric::kPromptEvalRate, MakeGrid(5, 1), {}};
  table.states = {Measured{4, 1}, Untested{}, Measured{1, 1}, Measured{10, 1}, Measured{3, 1}};
  EXPECT_EQ(ComputeStatistics(Only(table)).values, (ValueSummary{10, 1, 4.5, 3.5}));
}

TEST(TableStatisticsTest, CountsUnverifiedCellsButNotTheirValues) {
  ResultTable table = MakeTable(3, 1);
  table.states = {Measured{900, 1, true}, Measured{100, 1}, Measured{200, 1}};
  const TableStatistics statistics = ComputeStatistics(Only(table));
  EXPECT_EQ(statistics.successful, 3U);
  EXPECT_EQ(statistics.values->maximum, 200);
}

TEST(TableStatisticsTest, HasNoValuesWhereNothingWasMeasured) {
  ResultTable table{Metric::kPromptEvalRate, MakeGrid(1, 1), {Untested{}}};
  EXPECT_EQ(ComputeStatistics(Only(table)).values, std::nullopt);
}

TEST(TableStatisticsTest, KeepsTheMeanOfLargeAndOfEqualValuesBetweenTheirEnds) {
  ResultTable table{Metric::kPromptEvalRate, MakeGrid(3, 1), {}};
  table.states = {Measured{1.7e308, 1}, Measured{1.7e308, 1}, Measured{1.7e308, 1}};
  EXPECT_EQ(ComputeStatistics(Only(table)).values->mean, 1.7e308);
  table.states = {Measured{0.1, 1}, Measured{0.1, 1}, Measured{0.1, 1}};
  EXPECT_EQ(ComputeStatistics(Only(table)).values->mean, 0.1);
}

TEST(TableStatisticsTest, OfSeveralTablesCountsTheCellsOfAll) {
  const ResultTable whole = MakeTable(6, 4, true);
  std::vector<ResultTable> rows;
  for (std::size_t row = 0; row < whole.rows(); ++row) {
    ResultTable& cut = rows.emplace_back(whole);
    cut.grid.down.values = {whole.grid.down.values[row]};
    cut.states.clear();
    for (std::size_t i = 0; i < whole.columns(); ++i) cut.states.push_back(whole.At(row, i));
  }
  EXPECT_EQ(ComputeStatistics(rows), ComputeStatistics(Only(whole)));
  EXPECT_EQ(ComputeStatistics({}), TableStatistics());
}

TEST(TableStatisticsTest, KnowsTheRealSweepAsItsAuthorDid) {
  const auto [results, grid] = ReadCsvTable(ReadTestFile("nemotron_5gpu_sweep.csv"));
  const auto table = BuildResultTable(results, grid, Metric::kPromptEvalRate);
  const TableStatistics statistics = ComputeStatistics(Only(table));
  EXPECT_EQ(statistics.combinations, 102U);
  EXPECT_EQ(statistics.untested, 1U);
  EXPECT_EQ(statistics.values->maximum, 85.6);
  EXPECT_EQ(statistics.values->minimum, 78.2);
}

}  // namespace
}  // namespace ollama_bench
