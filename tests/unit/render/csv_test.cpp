#include "ollama_bench/render/csv.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "support/sample_tables.h"

namespace ollama_bench {
namespace {

std::string WithoutCarriageReturns(std::string text) {
  std::erase(text, '\r');
  return text;
}

TEST(CsvTest, BringsTheRealSweepThroughUnchanged) {
  const std::string file = ReadTestFile("nemotron_5gpu_sweep.csv");
  const auto [results, grid] = ReadCsvTable(file);
  const auto table = BuildResultTable(results, grid, Metric::kPromptEvalRate);
  EXPECT_EQ(WithoutCarriageReturns(RenderCsv(Only(table))), WithoutCarriageReturns(file));
}

TEST(CsvTest, ReadsBackAsTheSameNumbersForRandomTables) {
  std::mt19937_64 random(11);
  std::uniform_real_distribution<double> exponent(-12, 12);
  for (int round = 0; round < 50; ++round) {
    ResultTable table = MakeTable(1 + round % 9, 1 + round % 5, true);
    for (CellState& state : table.states) {
      if (auto* measured = std::get_if<Measured>(&state)) {
        measured->value = std::pow(10, exponent(random));
      }
    }
    const std::vector<std::string> lines = Lines(RenderCsv(Only(table)));
    ASSERT_EQ(lines.size(), table.rows() + 1);
    for (std::size_t row = 0; row < table.rows(); ++row) {
      const auto fields = SplitFields(lines[row + 1], ',');
      ASSERT_EQ(fields.size(), table.columns() + 1);
      EXPECT_EQ(fields[0], std::to_string(table.grid.down.values[row]));
      for (std::size_t column = 0; column < table.columns(); ++column) {
        const auto* measured = std::get_if<Measured>(&table.At(row, column));
        EXPECT_EQ(fields[column + 1].empty(), measured == nullptr);
        if (measured != nullptr) {
          EXPECT_EQ(std::strtod(fields[column + 1].c_str(), nullptr), measured->value);
        }
      }
    }
  }
}

TEST(CsvTest, EndsEveryLineAsTheRfcAsks) {
  ResultTable table{Metric::kPromptEvalRate, MakeGrid(2, 1), {Measured{84, 1}, Untested{}}};
  EXPECT_EQ(RenderCsv(Only(table)), "num_batch,2048,4096\r\n128,84.0,\r\n");
}

}  // namespace
}  // namespace ollama_bench
