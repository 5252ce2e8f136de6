#include "ollama_bench/analysis/noise_model.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "ollama_bench/analysis/cell_estimate.h"
#include "support/load_results.h"

namespace ollama_bench {
namespace {

constexpr Metric kRate = Metric::kPromptEvalRate;

std::vector<LoadUnit> UnitsOf(const std::vector<CellResult>& results) {
  return UnbiasedUnits(results, kRate);
}

TEST(StandardErrorTest, HasTheQuantilesOfStudentsTables) {
  const StandardError error{2, 10};
  EXPECT_NEAR(error.HalfWidth(0.95), 2 * 2.2281, 1e-3);
  EXPECT_NEAR(error.Bound(0.95), 2 * 1.8125, 1e-3);
  EXPECT_NEAR(error.PValue(2 * 2.2281), 0.05, 1e-5);
  EXPECT_EQ(error.PValue(0), 1);
}

TEST(NoiseModelTest, FindsTheDeviationsThatManyRepetitionsShow) {
  for (const double load : {0.005, 0.02, 0.05}) {
    for (const double run : {0.005, 0.03}) {
      NoisyMachine machine(1, load, run);
      const auto units = UnitsOf(machine.Sweep(std::vector<double>(100, 300.0), 4, 4));
      const NoiseModel noise = NoiseModel::Fit(units);
      EXPECT_NEAR(noise.load_deviation(), load, 0.15 * load + 0.05 * run);
      EXPECT_NEAR(noise.run_deviation(), run, 0.05 * run);
      EXPECT_EQ(noise.load_differences(), 300);
      EXPECT_EQ(noise.run_differences(), 1200);
    }
  }
}

TEST(NoiseModelTest, IsThePriorWithoutRepetitions) {
  NoisyMachine machine(1, 0.01, 0.01);
  const NoiseModel single = NoiseModel::Fit(UnitsOf(machine.Sweep({300, 200, 100}, 1, 1)));
  const NoiseModel none = NoiseModel::Fit({});
  EXPECT_EQ(single.load_differences() + single.run_differences(), 0);
  EXPECT_EQ(single.load_deviation(), none.load_deviation());
  // The root mean square of a log-normal distribution.
  const NoisePrior prior;
  const double expected = prior.median * std::exp(prior.log_deviation * prior.log_deviation);
  EXPECT_NEAR(none.load_deviation(), expected, 0.01 * expected);
  EXPECT_NEAR(none.run_deviation(), expected, 0.01 * expected);
  EXPECT_GT(none.Of({1, 1}).HalfWidth(0.95), 0.05) << "a single reading is no certainty";
}

TEST(NoiseModelTest, DoesNotCareForTheCellsValuesOrTheOrderOfTheUnits) {
  NoisyMachine machine(3, 0.01, 0.02);
  std::vector<LoadUnit> units = UnitsOf(machine.Sweep(std::vector<double>(12, 300.0), 3, 2));
  const Variances before = NoiseModel::Fit(units).PosteriorMean();
  for (LoadUnit& unit : units) unit.log_value += 0.1 * unit.cell[Parameter::kNumCtx] / 2048;
  std::reverse(units.begin(), units.end());
  const Variances after = NoiseModel::Fit(units).PosteriorMean();
  EXPECT_NEAR(after.load / before.load, 1, 1e-6);
  EXPECT_NEAR(after.run / before.run, 1, 1e-6);
}

TEST(NoiseModelTest, TreatsLoadsOfUnequalLengthLikeEqualOnesWhereRunsDoNotMatter) {
  NoisyMachine machine(4, 0.02, 1e-4);
  std::vector<LoadUnit> units = UnitsOf(machine.Sweep(std::vector<double>(40, 300.0), 3, 2));
  const double balanced = NoiseModel::Fit(units).load_deviation();
  for (std::size_t i = 0; i < units.size(); i += 3) units[i].runs = 5;
  EXPECT_NEAR(NoiseModel::Fit(units).load_deviation() / balanced, 1, 0.01);
}

TEST(NoiseModelTest, DrawsInProportionToThePosteriorAndAlwaysTheSame) {
  NoisyMachine machine(5, 0.01, 0.02);
  const NoiseModel noise =
      NoiseModel::Fit(UnitsOf(machine.Sweep(std::vector<double>(6, 300.0), 3, 2)));
  const auto draws = noise.Draws(4000);
  ASSERT_EQ(draws.size(), 4000U);
  Variances mean;
  for (const Variances& draw : draws) {
    mean.load += draw.load / 4000;
    mean.run += draw.run / 4000;
  }
  EXPECT_NEAR(mean.load / noise.PosteriorMean().load, 1, 0.02);
  EXPECT_NEAR(mean.run / noise.PosteriorMean().run, 1, 0.02);
  EXPECT_EQ(draws[17].load, noise.Draws(4000)[17].load);
}

TEST(CellEstimateTest, IsTheMeanOfTheLoadsAndNarrowerTheMoreThereAre) {
  NoisyMachine machine(6, 0.01, 0.01);
  std::vector<CellResult> results = machine.Sweep(std::vector<double>(10, 300.0), 2, 2);
  machine.Measure(results[3], 300, 6, 2);
  const auto units = UnitsOf(results);
  const NoiseModel noise = NoiseModel::Fit(units);
  const auto estimates = EstimateCells(units, noise);
  ASSERT_EQ(estimates.size(), 10U);
  double mean = 0;
  for (const LoadUnit& unit : units) {
    if (unit.cell == results[3].cell) mean += unit.log_value / 8;
  }
  EXPECT_NEAR(estimates[3].log.value, mean, 1e-12);
  EXPECT_NEAR(estimates[3].log.shares.load, 1.0 / 8, 1e-12);
  EXPECT_NEAR(estimates[3].log.shares.run, 1.0 / 16, 1e-12);
  EXPECT_LT(estimates[3].log.error.value, 0.6 * estimates[2].log.error.value);
}

}  // namespace
}  // namespace ollama_bench
