#include "ollama_bench/analysis/sweep_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "support/loads.h"
#include "support/sample_tables.h"

namespace ollama_bench {
namespace {

/// A 4 x 4 grid in which larger batches are faster, each cell loaded `rounds` times.
std::vector<LoadUnit> SmoothSweep(unsigned seed, int rounds) {
  SimulatedLoads loads(seed, 0.01);
  for (int round = 0; round < rounds; ++round) {
    for (int column = 1; column <= 4; ++column) {
      for (int row = 1; row <= 4; ++row) {
        loads.Add({2048 * column, 128 * row}, 300 * (1 + 0.03 * row - 0.01 * column));
      }
    }
  }
  return loads.units();
}

void ExpectSame(const LogPosterior& a, const LogPosterior& b, double tolerance) {
  EXPECT_NEAR(a.mean, b.mean, tolerance);
  EXPECT_NEAR(a.deviation, b.deviation, tolerance);
  EXPECT_NEAR(a.low, b.low, tolerance);
  EXPECT_NEAR(a.high, b.high, tolerance);
}

TEST(SweepModelTest, IsNoneWithoutALoad) {
  EXPECT_FALSE(SweepModel::Fit({}));
}

TEST(SweepModelTest, TheOrderInWhichLoadsAreListedChangesNothing) {
  std::vector<LoadUnit> units = SmoothSweep(1, 2);
  const auto expected = SweepModel::Fit(units);
  std::mt19937 random(20261121);
  for (int round = 0; round < 3; ++round) {
    std::shuffle(units.begin(), units.end(), random);
    const auto shuffled = SweepModel::Fit(units);
    ASSERT_EQ(shuffled->cells(), expected->cells());
    for (std::size_t i = 0; i < expected->cells().size(); ++i) {
      ExpectSame(shuffled->Values()[i], expected->Values()[i], 1e-6);
      ExpectSame(shuffled->Contrasts(3)[i], expected->Contrasts(3)[i], 1e-6);
    }
  }
}

TEST(SweepModelTest, AFasterMachineShiftsEveryValueAndNoContrast) {
  std::vector<LoadUnit> units = SmoothSweep(2, 2);
  const auto before = SweepModel::Fit(units);
  for (LoadUnit& unit : units) unit.log_value += 0.7;
  const auto after = SweepModel::Fit(units);
  for (std::size_t i = 0; i < before->cells().size(); ++i) {
    LogPosterior shifted = before->Values()[i];
    shifted.mean += 0.7;
    shifted.low += 0.7;
    shifted.high += 0.7;
    // The offset's prior is wide, not flat: it draws by a ten-thousandth of the deviation.
    ExpectSame(after->Values()[i], shifted, 1e-4);
    ExpectSame(after->Contrasts(0)[i], before->Contrasts(0)[i], 1e-4);
  }
}

TEST(SweepModelTest, ShowsARowThatIsSlowerThroughoutThoughEachCellWasReadOnce) {
  const auto [results, grid] = ReadCsvTable(ReadTestFile("nemotron_5gpu_sweep.csv"));
  std::vector<LoadUnit> units;
  for (const CellResult& result : results) {
    for (const LoadUnit& unit : LoadUnitsOf(result, Metric::kPromptEvalRate)) units.push_back(unit);
  }
  const auto model = SweepModel::Fit(units);
  std::vector<std::size_t> slow;
  std::vector<std::size_t> others;
  for (std::size_t i = 0; i < model->cells().size(); ++i) {
    (model->cells()[i][Parameter::kNumBatch] == 32 ? slow : others).push_back(i);
  }
  ASSERT_EQ(slow.size(), 6U);
  const LogPosterior difference = model->Difference(slow, others);
  EXPECT_LT(difference.high, -0.04);
  EXPECT_NEAR(difference.mean, std::log(1 - 0.07), 0.015);
  for (const std::size_t cell : slow) {
    const auto fast = model->Find({model->cells()[cell][Parameter::kNumCtx], 1056});
    EXPECT_LT(model->Contrasts(*fast)[cell].high, -0.03) << NameOf(model->cells()[cell]);
  }
}

TEST(SweepModelTest, DrawsHaveTheMeansAndDeviationsOfTheContrastsAndAreTheSameEachTime) {
  const auto model = SweepModel::Fit(SmoothSweep(3, 2));
  constexpr std::size_t kDraws = 8000;
  const std::vector<std::size_t> cells = {0, 3, 7, 9, 15};
  const JointDraws draws = model->Draw(cells, kDraws);
  EXPECT_EQ(draws.values, model->Draw(cells, kDraws).values);
  EXPECT_EQ(draws.values, SweepModel::Fit(SmoothSweep(3, 2))->Draw(cells, kDraws).values);
  ASSERT_EQ(draws.count, kDraws);
  for (std::size_t from = 0; from < cells.size(); ++from) {
    const std::vector<LogPosterior> contrasts = model->Contrasts(cells[from]);
    for (std::size_t to = 0; to < cells.size(); ++to) {
      if (from == to) continue;
      double sum = 0;
      double squares = 0;
      for (std::size_t i = 0; i < kDraws; ++i) {
        const double difference = draws.Row(i)[to] - draws.Row(i)[from];
        sum += difference;
        squares += difference * difference;
      }
      const LogPosterior& expected = contrasts[cells[to]];
      const double mean = sum / kDraws;
      EXPECT_NEAR(mean, expected.mean, 0.06 * expected.deviation);
      EXPECT_NEAR(std::sqrt(squares / kDraws - mean * mean), expected.deviation,
                  0.06 * expected.deviation);
    }
  }
}

TEST(SweepModelTest, ADifferenceOfSingleCellsIsTheirContrast) {
  const auto model = SweepModel::Fit(SmoothSweep(4, 2));
  for (std::size_t i = 1; i < model->cells().size(); ++i) {
    const std::size_t reference = 0;
    ExpectSame(model->Difference({&i, 1}, {&reference, 1}), model->Contrasts(0)[i], 1e-6);
  }
}

TEST(SweepModelTest, TakesOutTheLevelsOfStartsThatShareACell) {
  SimulatedLoads loads(5, 0.002);
  const auto cell = [](int i) { return Cell{1024 * i, 128}; };
  for (int round = 0; round < 3; ++round) {
    for (int i = 1; i <= 6; ++i) loads.Add(cell(i), 300);
  }
  loads.StartAgain("B");
  for (int round = 0; round < 3; ++round) {
    for (int i = 6; i <= 11; ++i) loads.Add(cell(i), 360);
  }
  const auto model = SweepModel::Fit(loads.units());
  const std::vector<LogPosterior> contrasts = model->Contrasts(*model->Find(cell(1)));
  for (const LogPosterior& contrast : contrasts) EXPECT_NEAR(contrast.mean, 0, 0.01);
}

TEST(SweepModelTest, TakesOutADriftThatRoundsInRandomOrderShow) {
  SimulatedLoads loads(6, 0.002);
  std::mt19937 random(1);
  std::vector<int> order = {1, 2, 3, 4, 5, 6};
  double speed = 1;
  for (int round = 0; round < 5; ++round) {
    std::shuffle(order.begin(), order.end(), random);
    for (const int i : order) {
      loads.Add({1024 * i, 128}, 300 * speed);
      speed *= 0.996;
    }
  }
  const auto model = SweepModel::Fit(loads.units());
  EXPECT_NEAR(model->drift_range(), 0.115, 0.03);
  for (const LogPosterior& contrast : model->Contrasts(0)) EXPECT_NEAR(contrast.mean, 0, 0.01);
}

TEST(SweepModelTest, AnIsolatedPeakIsBelievedOnceItIsSeenAgain) {
  SimulatedLoads loads(7, 0.005);
  const auto rate = [](int column, int row) { return column == 3 && row == 2 ? 330.0 : 300.0; };
  for (int column = 1; column <= 5; ++column) {
    for (int row = 1; row <= 5; ++row) loads.Add({1024 * column, 64 * row}, rate(column, row));
  }
  for (int i = 0; i < 3; ++i) {
    loads.Add({3072, 128}, 330);
    loads.Add({1024, 64}, 300);
  }
  const auto model = SweepModel::Fit(loads.units());
  const std::size_t peak = *model->Find({3072, 128});
  for (std::size_t i = 0; i < model->cells().size(); ++i) {
    if (i != peak) {
      EXPECT_LT(model->Contrasts(peak)[i].high, -0.05) << NameOf(model->cells()[i]);
    }
  }
}

TEST(SweepModelTest, MoreLoadsOfTheCellsNarrowTheirContrasts) {
  const auto few = SweepModel::Fit(SmoothSweep(8, 1));
  const auto many = SweepModel::Fit(SmoothSweep(8, 8));
  EXPECT_LT(many->Contrasts(0)[15].deviation, 0.8 * few->Contrasts(0)[15].deviation);
}

}  // namespace
}  // namespace ollama_bench
