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

TEST(SingleRunTimesTest, OfEachLoadOfThePassTakeTheCreateTheWarmUpAndOneRun) {
  Sample warm_up = CountedSample(seconds(2));
  warm_up.role = SampleRole::kWarmUp;
  warm_up.create = milliseconds(500);
  Sample confirm = CountedSample(seconds(30));
  confirm.role = SampleRole::kConfirm;
  confirm.load_id = 2;
  Sample again = CountedSample(seconds(1));
  again.load_id = 3;
  const std::vector<CellResult> results = {
      ResultOf({1, 1}, {warm_up, CountedSample(seconds(3)), CountedSample(seconds(3)), confirm}),
      ResultOf({1, 2}, {again}), ResultOf({2, 1}, {OldSample()})};
  EXPECT_EQ(SingleRunTimes(results), (Times{milliseconds(5500), seconds(1)}));
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

CellResult OldEntry(int num_batch, const std::string& timestamp) {
  CellResult result;
  result.cell = {1024, num_batch};
  result.timestamp = timestamp;
  return result;
}

TEST(KnownCellTimesTest, TakesTheGapsBetweenTheEntriesOfAnOldFile) {
  const std::vector<CellResult> results = {OldEntry(1, "2025-12-22T23:59:00.123456"),
                                           OldEntry(2, "2025-12-23T00:01:00.000001"),
                                           OldEntry(3, "2025-12-23T00:04:00")};
  EXPECT_EQ(KnownCellTimes(results), (std::vector<std::chrono::nanoseconds>{
                                         std::chrono::minutes(2), std::chrono::minutes(3)}));
}

TEST(KnownCellTimesTest, PrefersRecordedTimes) {
  std::vector<CellResult> results = {OldEntry(1, "2025-12-22T23:59:00"),
                                     OldEntry(2, "2025-12-23T00:01:00")};
  Sample sample;
  sample.wall = std::chrono::seconds(7);
  results[0].samples = {sample};
  EXPECT_EQ(KnownCellTimes(results),
            std::vector<std::chrono::nanoseconds>{std::chrono::seconds(7)});
}

TEST(KnownCellTimesTest, WhatIsNoTimestampTellsNothing) {
  EXPECT_TRUE(KnownCellTimes(std::vector<CellResult>{OldEntry(1, ""), OldEntry(2, "yesterday"),
                                                     OldEntry(3, "2025-02-31T00:00:00"),
                                                     OldEntry(4, "2025-12-23")})
                  .empty());
}

}  // namespace
}  // namespace ollama_bench
