#include "ollama_bench/analysis/best_cell.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/sample_tables.h"

namespace ollama_bench {
namespace {

ResultTable TableOf(const std::vector<double>& values, Metric metric = Metric::kPromptEvalRate) {
  ResultTable table{metric, MakeGrid(2, 2), {}};
  for (const double value : values) table.states.emplace_back(Measured{value, 1});
  return table;
}

TEST(BestCellTest, IsTheHighestRate) {
  EXPECT_EQ(FindBestCell(TableOf({1, 4, 3, 2})), (BestCell{{4096, 128}, 4}));
}

TEST(BestCellTest, IsTheLowestTime) {
  EXPECT_EQ(FindBestCell(TableOf({2, 4, 3, 1}, Metric::kLoad)), (BestCell{{4096, 256}, 1}));
}

TEST(BestCellTest, PrefersTheLargerContextAndThenTheSmallerBatchOfEqualValues) {
  EXPECT_EQ(FindBestCell(TableOf({7, 7, 7, 7}))->cell, (Cell{4096, 128}));
  EXPECT_EQ(FindBestCell(TableOf({7, 7, 7, 7}, Metric::kTotal))->cell, (Cell{4096, 128}));
  EXPECT_EQ(FindBestCell(TableOf({7, 1, 7, 1}))->cell, (Cell{2048, 128}));
}

TEST(BestCellTest, IsNoneWhereNothingWasMeasured) {
  ResultTable table = TableOf({});
  table.states = {Untested{}, Failed{}, Excluded{}, AliasOf{}};
  EXPECT_EQ(FindBestCell(table), std::nullopt);
  EXPECT_EQ(BestPerValue(table, Parameter::kNumCtx), std::vector<std::optional<BestCell>>(2));
  EXPECT_EQ(BestPerValue(table, Parameter::kNumBatch), std::vector<std::optional<BestCell>>(2));
}

TEST(BestCellTest, OfARowOrColumnIsTheBestOfTheTableCutDownToIt) {
  const ResultTable table = MakeTable(7, 5, true);
  const auto per_batch = BestPerValue(table, Parameter::kNumBatch);
  for (std::size_t row = 0; row < table.rows(); ++row) {
    ResultTable cut{table.metric, {table.grid.across, {{table.grid.down.values[row]}}}, {}};
    for (std::size_t i = 0; i < table.columns(); ++i) cut.states.push_back(table.At(row, i));
    EXPECT_EQ(per_batch[row], FindBestCell(cut));
  }
  const auto per_ctx = BestPerValue(table, Parameter::kNumCtx);
  for (std::size_t column = 0; column < table.columns(); ++column) {
    ResultTable cut{
        table.metric, {{{table.grid.across.values[column]}}, table.grid.down}, {}};
    for (std::size_t i = 0; i < table.rows(); ++i) cut.states.push_back(table.At(i, column));
    EXPECT_EQ(per_ctx[column], FindBestCell(cut));
  }
}

}  // namespace
}  // namespace ollama_bench
