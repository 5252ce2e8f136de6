#include "ollama_bench/analysis/sweep_map.h"

#include <gtest/gtest.h>

#include <cmath>

#include "support/load_results.h"
#include "support/sample_tables.h"

namespace ollama_bench {
namespace {

using Kind = MapCell::Kind;

SweepMap MapOfResults(const std::vector<CellResult>& results, const AnswerOptions& options = {}) {
  std::vector<CellResult> of_grid = results;
  std::erase_if(of_grid, [off = OffGrid(options.current, options.planned)](
                             const CellResult& result) { return result.cell == off; });
  const auto table = TableOf(of_grid);
  return MapOf(table, OneAnswer(AnswerSweep(results, Metric::kPromptEvalRate, options)));
}

TEST(MapOfTest, TakesContendersLossesAndTheRecommendedCellFromTheAnswer) {
  const auto results = NoisyMachine(1, 0.002, 0.002).Sweep({300, 299.5, 270, 150}, 4, 3);
  const auto answer = AnswerSweep(results, Metric::kPromptEvalRate);
  const SweepMap map = MapOfResults(results);
  ASSERT_EQ(map.cells.size(), 4U);
  EXPECT_EQ(map.recommended, std::set<Cell>{answer->cells[*answer->recommended].cell});
  EXPECT_TRUE(map.cells[0].is_contender && map.cells[1].is_contender);
  EXPECT_FALSE(map.cells[0].is_worse || map.cells[1].is_worse);
  EXPECT_TRUE(map.cells[2].is_worse && map.cells[3].is_worse);
  EXPECT_NEAR(map.cells[2].loss, 0.1, 0.01);
  EXPECT_NEAR(map.cells[3].loss, 0.5, 0.01);
  for (const MapCell& cell : map.cells) {
    EXPECT_LT(cell.low, cell.value);
    EXPECT_GT(cell.high, cell.value);
    EXPECT_EQ(cell.loads, 4);
    EXPECT_NEAR(cell.raw, cell.value, cell.value * 0.02);
  }
}

TEST(MapOfTest, KeepsCellsOfEveryKindInTheirPlaces) {
  ResultTable table{Metric::kPromptEvalRate, MakeGrid(7, 1), {}};
  table.states = {Measured{84, 1},
                  Failed{FailureKind::kTimeout, "slow"},
                  Excluded{Exclusion::kTruncated},
                  AliasOf{{2048, 128}},
                  Untested{},
                  Untested{},
                  Untested{ExpectedValue{80, 0.1}}};
  const SweepMap map = MapOf(table, OneAnswer(AnswerOf(table)), {Cell{12288, 128}});
  const Kind kinds[] = {Kind::kMeasured, Kind::kFailed,         Kind::kExcluded, Kind::kAlias,
                        Kind::kUntested, Kind::kExpectedToFail, Kind::kEstimated};
  for (std::size_t i = 0; i < 7; ++i) EXPECT_EQ(map.cells[i].kind, kinds[i]) << i;
  EXPECT_EQ(map.cells[1].failure, FailureKind::kTimeout);
  EXPECT_EQ(map.cells[1].message, "slow");
  EXPECT_EQ(map.cells[2].excluded, Exclusion::kTruncated);
  EXPECT_EQ(map.cells[3].alias_of, (Cell{2048, 128}));
  EXPECT_NEAR(map.cells[6].high, 88, 1e-9);
}

TEST(MapOfTest, ShowsARowThatIsSlowerThroughoutInItsMean) {
  const auto [results, grid] = ReadCsvTable(ReadTestFile("nemotron_5gpu_sweep.csv"));
  const auto table = BuildResultTable(results, grid, Metric::kPromptEvalRate);
  const SweepMap map = MapOf(table, OneAnswer(AnswerSweep(results, Metric::kPromptEvalRate)));
  ASSERT_EQ(map.grid.down.values[0], 32);
  ASSERT_TRUE(map.rows[0]);
  EXPECT_NEAR(map.rows[0]->percent, -7, 1.5);
  EXPECT_LT(map.rows[0]->high, -4);
  for (const auto& column : map.columns) EXPECT_GT(column->percent, -1.5);
}

TEST(MapOfTest, MeansOfRowsAndColumnsAreFreeOfWhatIsMissing) {
  ResultTable table{Metric::kPromptEvalRate, MakeGrid(6, 5), {}};
  for (int row = 0; row < 5; ++row) {
    for (int column = 0; column < 6; ++column) {
      if (row + column > 6) {
        table.states.emplace_back(Failed{FailureKind::kOutOfMemory, ""});
      } else {
        table.states.emplace_back(Measured{100 * std::pow(0.9, row) * std::pow(0.8, column), 1});
      }
    }
  }
  const SweepMap map = MapOf(table, OneAnswer(AnswerOf(table)));
  for (int i = 0; i < 5; ++i) {
    EXPECT_NEAR(map.rows[static_cast<std::size_t>(i)]->percent, 100 * (std::pow(0.9, i) - 1), 0.2);
  }
  for (int i = 0; i < 6; ++i) {
    EXPECT_NEAR(map.columns[static_cast<std::size_t>(i)]->percent, 100 * (std::pow(0.8, i) - 1),
                0.2);
  }
}

TEST(MapOfTest, HasTheCurrentSettingAlsoWhereItIsOutsideTheGrid) {
  NoisyMachine machine(1, 0.002, 0.002);
  auto results = machine.Sweep({300, 300, 300, 300}, 4, 3);
  AnswerOptions options;
  options.current = results[1].cell;
  options.planned = PairSpace({2048, 4096, 6144, 8192}, {512});
  SweepMap map = MapOfResults(results, options);
  EXPECT_EQ(map.current, std::set<Cell>{*options.current});
  EXPECT_FALSE(map.current_off_grid);
  options.current = Cell{1000, 7};
  results.emplace_back().cell = *options.current;
  machine.Measure(results.back(), 150, 3, 1, SampleRole::kControl);
  map = MapOfResults(results, options);
  EXPECT_EQ(map.cells.size(), 4U);
  EXPECT_EQ(map.current, std::set<Cell>{*options.current});
  ASSERT_TRUE(map.current_off_grid);
  EXPECT_NEAR(map.current_off_grid->loss, 0.5, 0.02);
  EXPECT_TRUE(map.current_off_grid->is_worse);
}

TEST(MapOfTest, HasNoMarksWithoutAnAnswer) {
  ResultTable table{Metric::kPromptEvalRate, MakeGrid(2, 1), {Untested{}, Untested{}}};
  const SweepMap map = MapOf(table, OneAnswer(std::nullopt));
  EXPECT_TRUE(map.recommended.empty() && map.current.empty());
  for (const auto* margins : {&map.rows, &map.columns}) {
    for (const auto& margin : *margins) EXPECT_FALSE(margin);
  }
}

}  // namespace
}  // namespace ollama_bench
