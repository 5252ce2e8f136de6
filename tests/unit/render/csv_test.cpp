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

TEST(CsvTest, ListsTheCellsOfSeveralTablesWithAColumnForEachParameterAndOneForTheMetric) {
  std::vector<ResultTable> tables(2, MakeTable(2, 1));
  for (ResultTable& table : tables) {
    table.metric = Metric::kEvalRate;
    table.states = {Measured{84, 1}, Untested{}};
  }
  tables[1].grid.fixed.Set(Parameter::kNumThread, 8);
  EXPECT_EQ(WithoutCarriageReturns(RenderCsv(tables)),
            "num_ctx,num_batch,num_thread,eval_rate\n"
            "2048,128,auto,84.0\n4096,128,auto,\n"
            "2048,128,8,84.0\n4096,128,8,\n");
}

TEST(CsvTest, ListsTheCellsOfOneTableOfOtherParameters) {
  ResultTable table{Metric::kPromptEvalRate,
                    {{Parameter::kNumThread, {4, 8}}, {Parameter::kNumBatch, {kAutoValue}}, {}},
                    {Measured{84, 1}, Measured{1.5, 1}}};
  EXPECT_EQ(RenderCsv(Only(table)), "num_thread,prompt_eval_rate\r\n4,84.0\r\n8,1.5\r\n");
  table.grid.down = {Parameter::kUseMmap, {0}};
  EXPECT_EQ(RenderCsv(Only(table)),
            "num_thread,use_mmap,prompt_eval_rate\r\n4,false,84.0\r\n8,false,1.5\r\n");
}

TEST(CsvTest, TheListReadsBackAsTheSameCells) {
  std::mt19937_64 random(12);
  for (int round = 0; round < 50; ++round) {
    std::vector<ResultTable> tables;
    for (int threads = 1; threads <= 1 + round % 3; ++threads) {
      tables.push_back(MakeTable(1 + round % 5, 1 + round % 4, true, 10, 20.0 + round));
      tables.back().grid.fixed.Set(Parameter::kNumThread, threads);
    }
    const std::vector<std::string> lines = Lines(RenderCsv(tables));
    EXPECT_EQ(lines[0], "num_ctx,num_batch,num_thread,prompt_eval_rate");
    std::size_t line = 0;
    for (const ResultTable& table : tables) {
      for (std::size_t i = 0; i < table.states.size(); ++i) {
        const auto fields = SplitFields(lines.at(++line), ',');
        ASSERT_EQ(fields.size(), 4U);
        const Cell cell = Cell(std::stoi(fields[0]), std::stoi(fields[1]))
                              .With(Parameter::kNumThread, std::stoi(fields[2]));
        EXPECT_EQ(table.grid.PlaceOf(cell), i);
        const auto* measured = std::get_if<Measured>(&table.states[i]);
        ASSERT_EQ(fields[3].empty(), measured == nullptr);
        if (measured != nullptr) {
          EXPECT_EQ(std::strtod(fields[3].c_str(), nullptr), measured->value);
        }
      }
    }
    EXPECT_EQ(lines.size(), line + 1);
  }
}

}  // namespace
}  // namespace ollama_bench
