#include "ollama_bench/plan/pending.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "plan_results.h"

namespace ollama_bench {
namespace {

using std::chrono::seconds;
using Cells = std::vector<Cell>;

const Cells kPlanned = {{1, 1}, {1, 2}, {2, 1}, {2, 2}};

Pending Find(const std::vector<CellResult>& results, const PendingRules& rules = {}) {
  return FindPending(kPlanned, results, rules);
}

CellResult Measured(Cell cell) {
  return ResultOf(cell, {CountedSample(seconds(20))});
}

TEST(PendingTest, MeasuresEverythingInOrderWhenNothingIsKnown) {
  const Pending pending = Find({});
  EXPECT_EQ(pending.cells, kPlanned);
  EXPECT_EQ(pending.done, 0U);
  EXPECT_EQ(pending.failed, 0U);
}

TEST(PendingTest, LeavesOutWhatIsMeasuredFailedOrAnAlias) {
  CellResult alias = ResultOf({2, 1}, {});
  alias.alias_of = Cell{1, 1};
  const Pending pending =
      Find({alias, ResultOf({1, 2}, {}, FailureKind::kOutOfMemory), Measured({1, 1})});
  EXPECT_EQ(pending.cells, (Cells{{2, 2}}));
  EXPECT_EQ(pending.done, 2U);
  EXPECT_EQ(pending.failed, 1U);
}

TEST(PendingTest, GoesOnWithACellThatHasTooFewSamples) {
  const Pending pending = Find({ResultOf({1, 1}, {CountedSample(seconds(1))})});
  EXPECT_EQ(pending.cells, kPlanned);
}

TEST(PendingTest, MeasuresFailedCellsAgainOnlyWhenAsked) {
  const std::vector<CellResult> results = {ResultOf({1, 1}, {}, FailureKind::kTimeout),
                                           ResultOf({1, 2}, {}, FailureKind::kRunnerCrash)};
  EXPECT_EQ(Find(results).failed, 2U);
  EXPECT_EQ(Find(results).cells, (Cells{{2, 1}, {2, 2}}));
  PendingRules retry;
  retry.retry_failed = true;
  EXPECT_EQ(Find(results, retry).failed, 0U);
  EXPECT_EQ(Find(results, retry).cells, kPlanned);
}

TEST(PendingTest, DoesNotComeBackToACellWhoseLatestVisitFailedAfterAGoodSample) {
  CellResult result = ResultOf({1, 1}, {CountedSample(seconds(1))}, FailureKind::kRunnerCrash);
  EXPECT_EQ(Find({result}).done, 1U);
  VisitRecord interrupted;
  interrupted.id = "Z";
  interrupted.started = "2026-11-23T07:00:00+00:00";
  result.visits.push_back(interrupted);
  EXPECT_EQ(Find({result}).done, 0U) << "the samples of an interrupted visit are made up for";
}

TEST(PendingTest, MeasuresUnverifiedCellsAgainOnlyWhenAsked) {
  Sample old = OldSample();
  old.unverified = true;
  const std::vector<CellResult> results = {ResultOf({1, 1}, {old}),
                                           ResultOf({1, 2}, {old, CountedSample(seconds(20))})};
  EXPECT_EQ(Find(results).done, 2U);
  PendingRules rules;
  rules.remeasure_unverified = true;
  EXPECT_EQ(Find(results, rules).done, 1U) << "one has been measured again already";
}

TEST(PendingTest, NeverTakesAFailureThatIsNotTheCellsForItsResult) {
  for (const FailureKind kind : {FailureKind::kInterrupted, FailureKind::kServerUnavailable}) {
    const Pending pending = Find({ResultOf({1, 1}, {}, kind)});
    EXPECT_EQ(pending.cells, kPlanned) << Describe(kind).key;
    EXPECT_EQ(pending.failed, 0U) << Describe(kind).key;
  }
}

TEST(PendingTest, TakesACellThatHasItsSamplesForDoneDespiteALaterFailure) {
  PendingRules retry;
  retry.retry_failed = true;
  const CellResult result =
      ResultOf({1, 1}, {CountedSample(seconds(20))}, FailureKind::kOutOfMemory);
  EXPECT_EQ(Find({result}).done, 1U);
  EXPECT_EQ(Find({result}, retry).done, 1U);
}

TEST(PendingTest, WantsAsManySamplesAsConfigured) {
  PendingRules rules;
  rules.repetitions = 2;
  EXPECT_EQ(Find({Measured({1, 1})}, rules).cells.size(), 4U);
  const CellResult twice = ResultOf({1, 1}, {CountedSample(seconds(1)), CountedSample(seconds(1))});
  EXPECT_EQ(Find({twice}, rules).cells.size(), 3U);
}

TEST(PendingTest, PassesOverCellsThatAreNotPlanned) {
  const Pending pending = Find({Measured({9, 9})});
  EXPECT_EQ(pending.cells, kPlanned);
  EXPECT_EQ(pending.done, 0U);
}

TEST(PendingTest, MeasuresAtMostTheLimit) {
  PendingRules rules;
  rules.limit = 2;
  EXPECT_EQ(Find({Measured({1, 1})}, rules).cells, (Cells{{1, 2}, {2, 1}}));
  EXPECT_EQ(Find({Measured({1, 1})}, rules).done, 1U);
  rules.limit = 0;
  EXPECT_TRUE(Find({}, rules).cells.empty());
}

TEST(PendingTest, PutsEachPlannedCellIntoExactlyOnePart) {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    std::vector<CellResult> results;
    for (const Cell& cell : kPlanned) {
      if (random() % 4 == 0) continue;
      std::vector<Sample> samples(random() % 4, CountedSample(seconds(random() % 20)));
      const auto kinds = AllFailureKinds();
      std::optional<FailureKind> failure;
      if (random() % 2 == 0) failure = kinds[random() % kinds.size()].kind;
      results.push_back(ResultOf(cell, std::move(samples), failure));
    }
    PendingRules rules;
    rules.retry_failed = random() % 2 == 0;
    const Pending pending = Find(results, rules);
    ASSERT_EQ(pending.done + pending.failed + pending.cells.size(), kPlanned.size());
    ASSERT_TRUE(std::is_sorted(pending.cells.begin(), pending.cells.end()));
    ASSERT_TRUE(!rules.retry_failed || pending.failed == 0U);
  }
}

}  // namespace
}  // namespace ollama_bench
