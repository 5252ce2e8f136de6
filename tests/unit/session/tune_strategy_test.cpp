#include "ollama_bench/session/tune_strategy.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <string>

#include "support/failed_visit.h"
#include "support/fake_clock.h"
#include "support/pair.h"

namespace ollama_bench {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

Grid SmallGrid() {
  return PairGrid({1024, 2048, 3072}, {64, 128, 256});
}

Sample RunOf(std::int64_t load_id, double rate) {
  Sample sample;
  sample.id = "S" + std::to_string(load_id);
  sample.load_id = load_id;
  sample.metrics.prompt_eval_count = 1000;
  sample.metrics.prompt_eval = nanoseconds(static_cast<std::int64_t>(1e12 / rate));
  return sample;
}

CellResult Result(const Cell& cell) {
  CellResult result;
  result.cell = cell;
  return result;
}

class TuneStrategyTest : public ::testing::Test {
 protected:
  FakeClock clock_;
  Search search_{SmallGrid(), {}};
};

TEST_F(TuneStrategyTest, AVisitIsOneLoadWithOneCountedSample) {
  TuneStrategy strategy(search_, {}, clock_, std::nullopt);
  const auto visit = strategy.Next();
  ASSERT_TRUE(visit);
  EXPECT_EQ(visit->samples, 1);
  EXPECT_EQ(visit->role, SampleRole::kMeasure);
}

TEST_F(TuneStrategyTest, EndsWhenTheMeasurementsOfItsBudgetAreMade) {
  TuneLimits limits;
  limits.measurements = 2;
  TuneStrategy strategy(search_, limits, clock_, std::nullopt);
  for (std::int64_t load = 1; load <= 2; ++load) {
    EXPECT_EQ(strategy.Remaining(), static_cast<std::size_t>(3 - load));
    CellResult result = Result(strategy.Next()->cell);
    result.samples.push_back(RunOf(load, 100.0));
    strategy.Report(result);
  }
  EXPECT_FALSE(strategy.Next());
  EXPECT_EQ(strategy.measurements(), 2U);
}

// A machine so clear that nothing but the rule of the fewest measurements delays the certificate.
TEST_F(TuneStrategyTest, ACertificateTakesTheFewestMeasurementsThatAPlanTells) {
  for (const Grid& grid : {SmallGrid(), PairGrid({1024, 2048}, {64, 128})}) {
    Search search(grid, {});
    const std::size_t least = LeastForCertificate(grid.CellCount());
    std::size_t measured = 0;
    while (measured < least) {
      const auto answer = search.Answer();
      ASSERT_FALSE(answer && answer->certified) << measured;
      const auto cell = search.Propose();
      ASSERT_TRUE(cell);
      Measurement measurement;
      measurement.cell = *cell;
      measurement.rate = 1e5 * (*cell)[Parameter::kNumBatch] / (*cell)[Parameter::kNumCtx];
      search.Observe(measurement);
      ++measured;
    }
    EXPECT_TRUE(search.Answer()->certified) << grid.CellCount();
  }
}

TEST_F(TuneStrategyTest, EndsWhenItsTimeIsOver) {
  TuneLimits limits;
  limits.time = seconds(60);
  TuneStrategy strategy(search_, limits, clock_, std::nullopt);
  EXPECT_TRUE(strategy.Next());
  clock_.Advance(seconds(61));
  EXPECT_FALSE(strategy.Next());
}

TEST_F(TuneStrategyTest, LearnsEachLoadOnce) {
  CellResult known = Result({1024, 64});
  known.samples = {RunOf(1, 100.0), RunOf(2, 120.0)};
  TuneStrategy strategy(search_, {}, clock_, std::nullopt);
  strategy.Learn(std::vector<CellResult>{known}, SmallGrid());
  EXPECT_EQ(strategy.measurements(), 2U);
  ASSERT_TRUE(strategy.Next());
  known.samples.push_back(RunOf(3, 110.0));
  strategy.Report(known);
  ASSERT_TRUE(strategy.last());
  EXPECT_NEAR(*strategy.last()->rate, 110.0, 1e-6);
  for (const SearchEstimate& estimate : search_.Estimates()) {
    EXPECT_EQ(estimate.visits, estimate.cell == known.cell ? 3 : 0);
  }
}

TEST_F(TuneStrategyTest, TakesRunsOfOneLoadAsOneMeasurement) {
  CellResult known = Result({1024, 64});
  known.samples = {RunOf(1, 100.0), RunOf(1, 120.0)};
  EXPECT_EQ(TeachSearch(search_, std::vector<CellResult>{known}), 1U);
}

TEST_F(TuneStrategyTest, LearnsNothingFromReadingsThatAreNotKnownToBeComparable) {
  CellResult old = Result({1024, 64});
  old.samples = {RunOf(0, 900.0)};
  old.samples[0].unverified = true;
  TuneStrategy strategy(search_, {}, clock_, std::nullopt);
  strategy.Learn(std::vector<CellResult>{old}, SmallGrid());
  EXPECT_EQ(strategy.measurements(), 0U);
  EXPECT_EQ(TeachSearch(search_, std::vector<CellResult>{old}), 1U) << "alone they can be shown";
}

TEST_F(TuneStrategyTest, ReportsAFailureAsSuch) {
  TuneStrategy strategy(search_, {}, clock_, std::nullopt);
  CellResult result = Result(strategy.Next()->cell);
  AddFailure(result, {FailureKind::kOutOfMemory, "no room", {}, 1});
  strategy.Report(result);
  ASSERT_TRUE(strategy.last());
  EXPECT_FALSE(strategy.last()->rate);
  EXPECT_EQ(strategy.last()->failure, FailureKind::kOutOfMemory);
}

TEST_F(TuneStrategyTest, GoesOnElsewhereWhenAnEntryWasTakenAway) {
  TuneStrategy strategy(search_, {}, clock_, std::nullopt);
  const Cell cell = strategy.Next()->cell;
  strategy.Report(Result(cell));
  ASSERT_TRUE(strategy.Next());
  EXPECT_NE(strategy.Next()->cell, cell);
}

TEST_F(TuneStrategyTest, TheCurrentSettingComesFirstInTheGridOrNot) {
  for (const Cell& current : {Cell{2048, 128}, Cell{999, 7}}) {
    Search search(SmallGrid(), {});
    TuneStrategy strategy(search, {}, clock_, current);
    const auto visit = strategy.Next();
    ASSERT_TRUE(visit);
    EXPECT_EQ(visit->cell, current);
    EXPECT_EQ(visit->role, SampleRole::kMeasure);
  }
}

// On a grid whose best cell is clear.
TEST_F(TuneStrategyTest, TheAnswerAndTheCurrentSettingHaveThreeLoadsBeforeItEnds) {
  const Cell current{999, 7};
  TuneStrategy strategy(search_, {}, clock_, current);
  std::map<Cell, CellResult> results;
  std::int64_t load = 0;
  std::size_t visits = 0;
  while (const auto visit = strategy.Next()) {
    ASSERT_LT(++visits, 100U);
    CellResult& result = results[visit->cell];
    result.cell = visit->cell;
    const double rate = 100.0 * visit->cell[Parameter::kNumBatch] / visit->cell[Parameter::kNumCtx];
    result.samples.push_back(RunOf(++load, rate));
    strategy.Report(result);
  }
  ASSERT_TRUE(search_.Answer()->certified);
  EXPECT_EQ(search_.Answer()->cell, (Cell{1024, 256}));
  EXPECT_GE(results[current].samples.size(), 3U);
  EXPECT_GE(results[search_.Answer()->cell].samples.size(), 3U);
  EXPECT_EQ(strategy.measurements(), visits) << "loads of the current setting count";
}

TEST_F(TuneStrategyTest, ACurrentSettingThatFailsTwiceIsLeftAlone) {
  const Cell current{999, 7};
  TuneStrategy strategy(search_, {}, clock_, current);
  CellResult result = Result(current);
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(strategy.Next()->cell, current) << i;
    AddFailure(result, {FailureKind::kOutOfMemory, "no room", {}, 1});
    strategy.Report(result);
  }
  EXPECT_NE(strategy.Next()->cell, current);
}

TEST_F(TuneStrategyTest, OnlyCellsOfTheGridCountAsKnown) {
  const Cell current{999, 7};
  TuneStrategy strategy(search_, {}, clock_, current);
  CellResult known = Result(current);
  known.samples = {RunOf(1, 100.0), RunOf(2, 120.0), RunOf(3, 120.0)};
  strategy.Learn(std::vector<CellResult>{known}, SmallGrid());
  EXPECT_EQ(strategy.measurements(), 0U);
  EXPECT_NE(strategy.Next()->cell, current) << "it has its three loads";
}

TEST_F(TuneStrategyTest, TellsTheShareOnTheCpu) {
  TuneStrategy strategy(search_, {}, clock_, std::nullopt);
  CellResult result = Result(strategy.Next()->cell);
  result.samples.push_back(RunOf(1, 100.0));
  result.samples[0].size_bytes = 1000;
  result.samples[0].size_vram_bytes = 750;
  strategy.Report(result);
  EXPECT_EQ(strategy.last()->cpu_share, 0.25);
}

}  // namespace
}  // namespace ollama_bench
