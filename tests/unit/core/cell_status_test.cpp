#include "ollama_bench/core/cell_result.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "support/failed_visit.h"
#include "support/load_results.h"

namespace ollama_bench {
namespace {

Failure Of(FailureKind kind, std::string message = {}) {
  return {kind, std::move(message), {}, 1};
}

TEST(CellStatusTest, OneGoodSampleMakesACellMeasuredWhateverFailed) {
  CellResult result;
  AddFailure(result, Of(FailureKind::kOutOfMemory));
  EXPECT_EQ(StatusOf(result), CellStatus::kFailed);
  AddLoad(result, 1, {100});
  EXPECT_EQ(StatusOf(result), CellStatus::kMeasured);
  EXPECT_EQ(FailureOf(result), nullptr);
  result.samples[0].excluded = Exclusion::kCached;
  EXPECT_EQ(StatusOf(result), CellStatus::kFailed);
  result.visits.clear();
  EXPECT_EQ(StatusOf(result), CellStatus::kExcluded);
  result.samples[0].role = SampleRole::kWarmUp;
  EXPECT_EQ(StatusOf(result), CellStatus::kUntested);
}

TEST(CellStatusTest, AFailureThatIsNotTheCellsSaysNothingOfIt) {
  for (const FailureKindInfo& info : AllFailureKinds()) {
    CellResult result;
    AddFailure(result, Of(info.kind));
    const bool tells = TellsOfTheCell(info.kind);
    EXPECT_EQ(StatusOf(result), tells ? CellStatus::kFailed : CellStatus::kUntested) << info.key;
    EXPECT_EQ(CountVisits(result), (tells ? VisitCount{1, 1} : VisitCount{0, 0})) << info.key;
  }
  EXPECT_FALSE(TellsOfTheCell(FailureKind::kInterrupted));
  EXPECT_FALSE(TellsOfTheCell(FailureKind::kServerUnavailable));
  EXPECT_TRUE(TellsOfTheCell(FailureKind::kOutOfMemory));
}

TEST(CellStatusTest, TheLatestFailureExplainsAFailedCell) {
  CellResult result;
  result.visits = {FailedVisit(Of(FailureKind::kTimeout, "later"), "A", "2026-11-22"),
                   FailedVisit(Of(FailureKind::kOutOfMemory, "earlier"), "B", "2026-11-21"),
                   FailedVisit(Of(FailureKind::kInterrupted, "last"), "C", "2026-11-23")};
  EXPECT_EQ(FailureOf(result)->message, "later");
  EXPECT_EQ(LatestVisit(result)->id, "C");
  EXPECT_EQ(LatestFailure(result), nullptr);
}

TEST(CellStatusTest, ACellFailsOftenFromMoreThanAThirdOfItsVisitsOn) {
  CellResult result;
  AddLoad(result, 1, {100, 101});
  AddLoad(result, 2, {100, 101});
  EXPECT_EQ(CountVisits(result), (VisitCount{2, 0})) << "loads from before visits were recorded";
  AddFailure(result, Of(FailureKind::kRunnerCrash));
  EXPECT_EQ(CountVisits(result), (VisitCount{3, 1}));
  EXPECT_FALSE(FailsOften(result));
  AddFailure(result, Of(FailureKind::kServerUnavailable));
  EXPECT_FALSE(FailsOften(result)) << "the server is not the cell";
  AddFailure(result, Of(FailureKind::kRunnerCrash));
  EXPECT_EQ(CountVisits(result), (VisitCount{4, 2}));
  EXPECT_TRUE(FailsOften(result));
}

TEST(CellStatusTest, AVisitThatGaveSamplesBeforeItFailedCountsOnceAndAsFailed) {
  CellResult result;
  AddLoad(result, 1, {100, 101});
  for (Sample& sample : result.samples) sample.visit = "F";
  result.visits = {FailedVisit(Of(FailureKind::kRunnerCrash))};
  EXPECT_EQ(CountVisits(result), (VisitCount{1, 1}));
  result.visits[0].failure.reset();
  EXPECT_EQ(CountVisits(result), (VisitCount{1, 0}));
  result.samples.clear();
  EXPECT_EQ(CountVisits(result), (VisitCount{0, 0})) << "interrupted before its first sample";
}

TEST(CellStatusTest, UnverifiedReadingsCountOnlyWhereThereAreNoOthers) {
  CellResult result;
  AddLoad(result, 1, {300});
  result.samples[0].unverified = true;
  EXPECT_EQ(MedianPromptEvalRate(result), 300);
  EXPECT_EQ(StatusOf(result), CellStatus::kMeasured);
  AddLoad(result, 2, {100});
  EXPECT_EQ(MedianPromptEvalRate(result), 100);
  EXPECT_EQ(CountedSamples(result), 1);
}

TEST(CellStatusTest, TheOrderInWhichVisitsAndSamplesStandDoesNotMatter) {
  std::mt19937 random(7);
  const auto kinds = AllFailureKinds();
  for (int round = 0; round < 500; ++round) {
    CellResult result;
    for (int i = 0; i < 5; ++i) {
      const auto id = std::to_string(i);
      const std::string started = "2026-11-2" + std::to_string(random() % 3);
      const Failure failure = Of(kinds[random() % kinds.size()].kind, id);
      if (random() % 2 == 0) result.visits.push_back(FailedVisit(failure, id, started));
      if (random() % 4 == 0) AddLoad(result, static_cast<int>(random() % 3), {100});
    }
    CellResult shuffled = result;
    std::shuffle(shuffled.visits.begin(), shuffled.visits.end(), random);
    std::shuffle(shuffled.samples.begin(), shuffled.samples.end(), random);
    ASSERT_EQ(StatusOf(shuffled), StatusOf(result));
    ASSERT_EQ(CountVisits(shuffled), CountVisits(result));
    const Failure* failure = FailureOf(result);
    ASSERT_EQ(failure == nullptr, FailureOf(shuffled) == nullptr);
    if (failure != nullptr) {
      ASSERT_EQ(*failure, *FailureOf(shuffled));
    }
  }
}

}  // namespace
}  // namespace ollama_bench
