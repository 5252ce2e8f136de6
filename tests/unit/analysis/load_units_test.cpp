#include "ollama_bench/analysis/load_units.h"

#include <gtest/gtest.h>

#include "support/failed_visit.h"
#include "support/load_results.h"

namespace ollama_bench {
namespace {

constexpr Metric kRate = Metric::kPromptEvalRate;

TEST(LoadUnitsTest, AreTheMeanLogRatesOfTheLoadsWithTheSpreadOfTheirRuns) {
  CellResult result;
  AddLoad(result, 7, {100, 110, 130});
  AddLoad(result, 8, {90});
  const auto units = LoadUnitsOf(result, kRate);
  ASSERT_EQ(units.size(), 2U);
  const double mean = (std::log(100) + std::log(110) + std::log(130)) / 3;
  double squares = 0;
  for (const double rate : {100, 110, 130}) squares += std::pow(std::log(rate) - mean, 2);
  EXPECT_NEAR(units[0].log_value, mean, 1e-12);
  EXPECT_NEAR(units[0].squares, squares, 1e-12);
  EXPECT_EQ(units[0].runs, 3);
  EXPECT_NEAR(units[1].log_value, std::log(90), 1e-12);
  EXPECT_EQ(units[1].squares, 0);
}

TEST(LoadUnitsTest, TakeEverySampleOfAnUnknownLoadForALoadOfItsOwn) {
  CellResult result;
  AddLoad(result, 0, {100, 101, 102});
  EXPECT_EQ(LoadUnitsOf(result, kRate).size(), 3U);
}

TEST(LoadUnitsTest, LeaveOutWhatDoesNotCount) {
  CellResult result;
  AddLoad(result, 1, {100, 50, 0, -3});
  result.samples[1].excluded = Exclusion::kCached;
  AddLoad(result, 1, {10}, SampleRole::kWarmUp);
  const auto units = LoadUnitsOf(result, kRate);
  ASSERT_EQ(units.size(), 1U);
  EXPECT_EQ(units[0].runs, 1);
  AddFailure(result, {});
  EXPECT_EQ(LoadUnitsOf(result, kRate).size(), 1U) << "the load was good, a later one was not";
}

TEST(LoadUnitsTest, UnverifiedReadingsStandAloneOrNotAtAll) {
  std::vector<CellResult> results(2);
  for (CellResult& result : results) AddLoad(result, 1, {100});
  results[1].cell = {2048, 64};
  for (CellResult& result : results) result.samples[0].unverified = true;
  EXPECT_EQ(UnbiasedUnits(results, kRate).size(), 2U) << "an old file alone";
  AddLoad(results[0], 2, {50});
  const auto units = UnbiasedUnits(results, kRate);
  ASSERT_EQ(units.size(), 1U);
  EXPECT_NEAR(units[0].log_value, std::log(50), 1e-12);
}

TEST(LoadUnitsTest, LeaveOutAStalledRunOfALoadOfThree) {
  CellResult result;
  AddLoad(result, 1, {400, 199, 410});
  AddLoad(result, 2, {400, 202, 410});  // less than a factor of two off the median
  AddLoad(result, 3, {400, 20});        // nobody knows which of the two stands out
  AddLoad(result, 4, {400, 900, 410});  // faster is no stall
  AddLoad(result, 0, {10});
  const auto units = LoadUnitsOf(result, kRate);
  ASSERT_EQ(units.size(), 5U);
  EXPECT_EQ(units[0].runs, 2);
  EXPECT_NEAR(units[0].log_value, (std::log(400) + std::log(410)) / 2, 1e-12);
  for (std::size_t i = 1; i < units.size(); ++i)
    EXPECT_EQ(units[i].runs, i == 2 ? 2 : i == 4 ? 1 : 3);
}

TEST(LoadUnitsTest, OfATimeTheLongerOneIsTheStall) {
  CellResult result;
  AddLoad(result, 1, {1, 1, 1});
  const std::chrono::seconds times[] = {std::chrono::seconds(1), std::chrono::seconds(3),
                                        std::chrono::seconds(1)};
  for (std::size_t i = 0; i < 3; ++i) result.samples[i].metrics.total = times[i];
  const auto units = LoadUnitsOf(result, Metric::kTotal);
  ASSERT_EQ(units.size(), 1U);
  EXPECT_EQ(units[0].runs, 2);
  EXPECT_EQ(units[0].log_value, 0);
}

TEST(LoadUnitsTest, KnowWhenTheyBegan) {
  CellResult result;
  AddLoad(result, 1, {100, 101}, SampleRole::kMeasure, 61);
  result.samples[1].started = "later";
  EXPECT_EQ(LoadUnitsOf(result, kRate)[0].start_s, 1795258860);  // 2026-11-21 11:01 UTC
  result.samples[0].started = "2026-11-21T12:01:00.5+01:00";
  EXPECT_EQ(LoadUnitsOf(result, kRate)[0].start_s, 1795258860.5);
  for (const char* wrong : {"", "2026-11-21", "2026-13-21T11:01:00Z", "2026-11-21T11:01:00",
                            "2026-11-21T11:01:00Z!", "2026-11-21T1-:01:00Z"}) {
    result.samples[0].started = wrong;
    EXPECT_EQ(LoadUnitsOf(result, kRate)[0].start_s, std::nullopt) << wrong;
  }
}

TEST(LoadUnitsTest, ForgetTheReadingThatMadeACellALeaderOnceItIsConfirmed) {
  std::vector<CellResult> results(2);
  results[1].cell = {2048, 512};
  AddLoad(results[0], 1, {120});
  AddLoad(results[0], 3, {100}, SampleRole::kConfirm);
  AddLoad(results[0], 4, {100}, SampleRole::kControl);
  AddLoad(results[1], 2, {90});
  const auto units = UnbiasedUnits(results, kRate);
  ASSERT_EQ(units.size(), 3U);
  for (const LoadUnit& unit : units) EXPECT_NE(unit.load_id, 1);
}

TEST(LoadUnitsTest, HaveOneLoadTimePerLoad) {
  CellResult result;
  AddLoad(result, 1, {100, 101, 102});
  for (Sample& sample : result.samples) sample.metrics.load = std::chrono::milliseconds(20);
  result.samples[0].metrics.load = std::chrono::seconds(2);
  const auto units = LoadUnitsOf(result, Metric::kLoad);
  ASSERT_EQ(units.size(), 1U);
  EXPECT_NEAR(units[0].log_value, std::log(2), 1e-12);
}

}  // namespace
}  // namespace ollama_bench
