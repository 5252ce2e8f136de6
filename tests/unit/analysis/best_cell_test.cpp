#include "ollama_bench/analysis/best_cell.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/sample_tables.h"

namespace ollama_bench {
namespace {

ResultTable TableWith(const std::vector<double>& values, Metric metric = Metric::kPromptEvalRate) {
  ResultTable table{metric, MakeGrid(2, 2), {}};
  for (const double value : values) table.states.emplace_back(Measured{value, 1});
  return table;
}

TEST(BestCellTest, IsTheHighestRate) {
  EXPECT_EQ(FindBestCell(Only(TableWith({1, 4, 3, 2}))), (BestCell{{4096, 128}, 4}));
}

TEST(BestCellTest, IsTheLowestTime) {
  EXPECT_EQ(FindBestCell(Only(TableWith({2, 4, 3, 1}, Metric::kLoad))), (BestCell{{4096, 256}, 1}));
}

TEST(BestCellTest, PrefersTheLargerContextAndThenTheSmallerBatchOfEqualValues) {
  EXPECT_EQ(FindBestCell(Only(TableWith({7, 7, 7, 7})))->cell, (Cell{4096, 128}));
  EXPECT_EQ(FindBestCell(Only(TableWith({7, 7, 7, 7}, Metric::kTotal)))->cell, (Cell{4096, 128}));
  EXPECT_EQ(FindBestCell(Only(TableWith({7, 1, 7, 1})))->cell, (Cell{2048, 128}));
}

TEST(BestCellTest, PrefersOfEqualValuesWhatTheParametersPrefer) {
  for (const ParameterInfo& info : AllParameters()) {
    ResultTable table{Metric::kPromptEvalRate, {{info.parameter, {0, 1}}, {}, Cell()}, {}};
    table.grid.down = {
        info.parameter == Parameter::kNumBatch ? Parameter::kNumCtx : Parameter::kNumBatch, {512}};
    table.states.assign(2, Measured{7, 1});
    EXPECT_EQ(FindBestCell(Only(table))->cell[info.parameter],
              info.preferred == Preference::kLarger ? 1 : 0)
        << info.key;
  }
}

TEST(BestCellTest, IsNoneWhereNothingWasMeasured) {
  ResultTable table = TableWith({});
  table.states = {Untested{}, Failed{}, Excluded{}, AliasOf{}};
  EXPECT_EQ(FindBestCell(Only(table)), std::nullopt);
  EXPECT_EQ(FindBestCell({}), std::nullopt);
  EXPECT_EQ(BestPerValue(Only(table), Parameter::kNumCtx),
            (std::vector<BestOfValue>{{2048, std::nullopt}, {4096, std::nullopt}}));
  EXPECT_EQ(BestPerValue(Only(table), Parameter::kNumBatch),
            (std::vector<BestOfValue>{{128, std::nullopt}, {256, std::nullopt}}));
}

TEST(BestCellTest, OfARowOrColumnIsTheBestOfTheTableCutDownToIt) {
  const ResultTable table = MakeTable(7, 5, true);
  const auto per_batch = BestPerValue(Only(table), Parameter::kNumBatch);
  ASSERT_EQ(per_batch.size(), table.rows());
  for (std::size_t row = 0; row < table.rows(); ++row) {
    ResultTable cut = table;
    cut.grid.down.values = {table.grid.down.values[row]};
    cut.states.clear();
    for (std::size_t i = 0; i < table.columns(); ++i) cut.states.push_back(table.At(row, i));
    EXPECT_EQ(per_batch[row], (BestOfValue{cut.grid.down.values[0], FindBestCell(Only(cut))}));
  }
  const auto per_ctx = BestPerValue(Only(table), Parameter::kNumCtx);
  ASSERT_EQ(per_ctx.size(), table.columns());
  for (std::size_t column = 0; column < table.columns(); ++column) {
    ResultTable cut = table;
    cut.grid.across.values = {table.grid.across.values[column]};
    cut.states.clear();
    for (std::size_t i = 0; i < table.rows(); ++i) cut.states.push_back(table.At(i, column));
    EXPECT_EQ(per_ctx[column], (BestOfValue{cut.grid.across.values[0], FindBestCell(Only(cut))}));
  }
}

TEST(BestCellTest, OfSeveralTablesIsTheBestOfTheirBest) {
  std::vector<ResultTable> tables;
  for (int threads = 4; threads <= 12; threads += 4) {
    tables.push_back(MakeTable(3, 2, true, 50.0 + threads, 100.0 + threads));
    tables.back().grid.fixed.Set(Parameter::kNumThread, threads);
  }
  std::swap(tables[0], tables[2]);
  EXPECT_EQ(FindBestCell(tables)->cell[Parameter::kNumThread], 12);
  const auto per_thread = BestPerValue(tables, Parameter::kNumThread);
  ASSERT_EQ(per_thread.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(per_thread[i],
              (BestOfValue{static_cast<int>(4 + 4 * i), FindBestCell(Only(tables[2 - i]))}));
  }
}

}  // namespace
}  // namespace ollama_bench
