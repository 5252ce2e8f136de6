#include "ollama_bench/plan/remaining_time.h"

#include <gtest/gtest.h>

#include "plan_results.h"

namespace ollama_bench {
namespace {

using std::chrono::duration;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using Times = std::vector<nanoseconds>;

TEST(RemainingTimeTest, IsTheMedianCellTimesTheCellsLeft) {
  EXPECT_EQ(RemainingTime(Times{seconds(3), seconds(1), seconds(2)}, 10), duration<double>(20));
  EXPECT_EQ(RemainingTime(Times{seconds(3), seconds(1)}, 10), duration<double>(20));
}

TEST(RemainingTimeTest, IsNotMovedByATimeout) {
  EXPECT_EQ(RemainingTime(Times{seconds(2), seconds(2), seconds(360)}, 1), duration<double>(2));
}

TEST(RemainingTimeTest, IsUnknownBeforeTheFirstCell) {
  EXPECT_EQ(RemainingTime({}, 10), std::nullopt);
}

TEST(RemainingTimeTest, IsZeroWhenNothingIsLeft) {
  EXPECT_EQ(RemainingTime(Times{seconds(5)}, 0), duration<double>(0));
}

TEST(RemainingTimeTest, HoldsTheLargestSweepThatCanBeConfigured) {
  EXPECT_EQ(RemainingTime(Times{hours(7 * 24), hours(7 * 24)}, 100'000),
            duration<double>(7.0 * 24 * 3600 * 100'000));
}

TEST(CellTimesTest, AddsUpTheCreateTheWarmUpAndTheRunsOfEachCell) {
  Sample warm_up = CountedSample(seconds(2));
  warm_up.role = SampleRole::kWarmUp;
  warm_up.create = milliseconds(500);
  Sample excluded = CountedSample(seconds(4));
  excluded.excluded = Exclusion::kCached;
  const std::vector<CellResult> results = {
      ResultOf({1, 1}, {warm_up, CountedSample(seconds(3)), excluded}),
      ResultOf({1, 2}, {CountedSample(seconds(1))})};
  EXPECT_EQ(CellTimes(results), (Times{milliseconds(9500), seconds(1)}));
}

TEST(CellTimesTest, LeavesOutLaterVisitsAndCellsWithoutTimes) {
  Sample confirm = CountedSample(seconds(30));
  confirm.role = SampleRole::kConfirm;
  Sample control = CountedSample(seconds(30));
  control.role = SampleRole::kControl;
  const std::vector<CellResult> results = {
      ResultOf({1, 1}, {CountedSample(seconds(3)), confirm, control}),
      ResultOf({1, 2}, {OldSample()}), ResultOf({2, 1}, {}, FailureKind::kTimeout)};
  EXPECT_EQ(CellTimes(results), Times{seconds(3)});
}

}  // namespace
}  // namespace ollama_bench
