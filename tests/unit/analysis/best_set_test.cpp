#include "ollama_bench/analysis/best_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "support/load_results.h"

namespace ollama_bench {
namespace {

constexpr Metric kRate = Metric::kPromptEvalRate;

struct Outcome {
  BestSet set;
  std::vector<CellEstimate> estimates;

  [[nodiscard]] std::set<Cell> Cells() const {
    std::set<Cell> cells;
    for (const CellEstimate& cell : set.cells) cells.insert(cell.cell);
    return cells;
  }
};

Outcome Judge(const std::vector<CellResult>& results) {
  const auto units = UnbiasedUnits(results, kRate);
  const NoiseModel noise = NoiseModel::Fit(units);
  auto estimates = EstimateCells(units, noise);
  return {*FindBestSet(estimates, noise, true), estimates};
}

std::vector<double> Slope(int cells, double step) {
  std::vector<double> rates;
  for (int i = 0; i < cells; ++i) rates.push_back(300 * std::exp(-step * i));
  return rates;
}

TEST(BestSetTest, IsEmptyWhereNothingWasMeasured) {
  EXPECT_FALSE(FindBestSet({}, NoiseModel::Fit({}), true));
}

TEST(BestSetTest, HoldsItsLeaderAndRecommendsOneWithTheLargestContext) {
  for (unsigned seed = 1; seed <= 30; ++seed) {
    NoisyMachine machine(seed, 0.01, 0.01);
    const Outcome outcome = Judge(machine.Sweep(Slope(12, 0.01), 2, 2));
    const std::set<Cell> cells = outcome.Cells();
    EXPECT_TRUE(cells.count(outcome.set.leader.cell));
    EXPECT_EQ(cells.rbegin()->num_ctx, outcome.set.recommended.cell.num_ctx);
  }
}

TEST(BestSetTest, IsAllOfAFlatSurfaceAndOneCellOfASteepOne) {
  NoisyMachine flat(1, 0.003, 0.003);
  EXPECT_EQ(Judge(flat.Sweep(std::vector<double>(16, 300.0), 3, 1)).set.cells.size(), 16U);
  NoisyMachine steep(1, 0.003, 0.003);
  const Outcome outcome = Judge(steep.Sweep(Slope(16, 0.1), 3, 1));
  EXPECT_EQ(outcome.Cells(), std::set<Cell>{outcome.estimates[0].cell});
}

TEST(BestSetTest, DropsACellOnlyForALossAboveTheThreshold) {
  NoisyMachine machine(1, 1e-4, 1e-4);
  const Outcome outcome = Judge(machine.Sweep({300, 300 * 0.992, 300 * 0.985, 300 * 0.9}, 5, 3));
  EXPECT_EQ(outcome.Cells(),
            (std::set<Cell>{outcome.estimates[0].cell, outcome.estimates[1].cell}));
}

TEST(BestSetTest, KeepsTheBestCellOfAFlatSurfaceAtLeastAsOftenAsItPromises) {
  int held = 0;
  constexpr int kSweeps = 200;
  for (unsigned seed = 1; seed <= kSweeps; ++seed) {
    NoisyMachine machine(seed, 0.02, 0.02);
    std::vector<double> rates(24, 300.0);
    rates[7] = 303;  // 1 % above all others: a draw would be a loss
    const Outcome outcome = Judge(machine.Sweep(rates, 3, 1));
    held += static_cast<int>(outcome.Cells().count(outcome.estimates[7].cell));
  }
  EXPECT_GE(held, 0.95 * kSweeps);
}

TEST(BestSetTest, IsTheSameForTimesAsForTheRatesTheyStandFor) {
  NoisyMachine machine(2, 0.01, 0.01);
  auto units = UnbiasedUnits(machine.Sweep(Slope(12, 0.01), 3, 1), kRate);
  const NoiseModel noise = NoiseModel::Fit(units);
  const auto by_rate = FindBestSet(EstimateCells(units, noise), noise, true);
  for (LoadUnit& unit : units) unit.log_value = -unit.log_value;
  const auto by_time = FindBestSet(EstimateCells(units, noise), noise, false);
  ASSERT_EQ(by_rate->cells.size(), by_time->cells.size());
  EXPECT_EQ(by_rate->leader.cell, by_time->leader.cell);
  EXPECT_EQ(by_rate->recommended.cell, by_time->recommended.cell);
}

TEST(BestSetTest, IsLedByACellThatProvedItselfNotByOneLuckyReading) {
  NoisyMachine machine(3, 0.01, 0.01);
  std::vector<CellResult> results = machine.Sweep(std::vector<double>(8, 300.0), 1, 3);
  machine.Measure(results[2], 305, 4, 3, SampleRole::kConfirm);
  machine.Measure(results[5], 300, 4, 3, SampleRole::kConfirm);
  results[0].samples.clear();
  AddLoad(results[0], 99, {310});
  const Outcome outcome = Judge(results);
  EXPECT_EQ(outcome.set.leader.cell, results[2].cell);
  EXPECT_TRUE(outcome.Cells().count(results[0].cell)) << "but it is not ruled out either";
}

TEST(BestSetTest, PrefersMoreContextAndThenTheSmallerBatchOfEqualReadings) {
  std::vector<CellResult> results(4);
  for (int i = 0; i < 4; ++i) {
    results[static_cast<std::size_t>(i)].cell = {i < 2 ? 2048 : 4096, i % 2 == 0 ? 128 : 256};
    AddLoad(results[static_cast<std::size_t>(i)], i + 1, {300});
  }
  const Outcome outcome = Judge(results);
  EXPECT_EQ(outcome.set.leader.cell, (Cell{4096, 128}));
  EXPECT_EQ(outcome.set.recommended.cell, (Cell{4096, 128}));
}

}  // namespace
}  // namespace ollama_bench
