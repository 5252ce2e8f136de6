#include "ollama_bench/plan/repetitions.h"

#include <gtest/gtest.h>

#include "plan_results.h"

namespace ollama_bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

bool IsComplete(std::vector<Sample> samples, std::optional<int> configured = std::nullopt) {
  return HasWantedSamples(ResultOf({1, 1}, std::move(samples)), configured);
}

TEST(RepetitionsTest, WantsOneLongRunOrThreeShortOnes) {
  EXPECT_EQ(WantedRepetitions(std::nullopt, seconds(10)), 1);
  EXPECT_EQ(WantedRepetitions(std::nullopt, seconds(10) - nanoseconds(1)), 3);
  EXPECT_EQ(WantedRepetitions(std::nullopt, nanoseconds(0)), 3);
}

TEST(RepetitionsTest, WantsWhatIsConfiguredHoweverLongARunIs) {
  EXPECT_EQ(WantedRepetitions(7, seconds(600)), 7);
  EXPECT_EQ(WantedRepetitions(1, nanoseconds(0)), 1);
}

TEST(RepetitionsTest, JudgesByTheFirstCountedRun) {
  const Sample fast = CountedSample(seconds(1));
  const Sample slow = CountedSample(seconds(11));
  EXPECT_FALSE(IsComplete({}));
  EXPECT_FALSE(IsComplete({fast, fast}));
  EXPECT_TRUE(IsComplete({fast, fast, fast}));
  EXPECT_TRUE(IsComplete({slow}));
  EXPECT_FALSE(IsComplete({fast, slow}));
}

TEST(RepetitionsTest, CountsNeitherWarmUpsNorExcludedSamples) {
  Sample warm_up = CountedSample(seconds(60));
  warm_up.role = SampleRole::kWarmUp;
  Sample cached = CountedSample(seconds(60));
  cached.excluded = Exclusion::kCached;
  const Sample fast = CountedSample(seconds(1));
  EXPECT_FALSE(IsComplete({warm_up, cached}));
  EXPECT_FALSE(IsComplete({warm_up, cached, fast, fast}));
  EXPECT_TRUE(IsComplete({warm_up, cached, fast, fast, fast}));
  EXPECT_FALSE(IsComplete({warm_up}, 1));
}

TEST(RepetitionsTest, TakesOllamasOwnDurationWhereTheWallTimeIsMissing) {
  Sample sample = CountedSample(seconds(0));
  sample.wall.reset();
  EXPECT_FALSE(IsComplete({sample}));
  sample.metrics.total = seconds(12);
  EXPECT_TRUE(IsComplete({sample}));
}

TEST(RepetitionsTest, TakesAnOldScriptsEntryForCompleteUnlessANumberIsAskedFor) {
  EXPECT_TRUE(IsComplete({OldSample()}));
  EXPECT_TRUE(IsComplete({OldSample()}, 1));
  EXPECT_FALSE(IsComplete({OldSample()}, 2));
  Sample ours = OldSample();
  ours.load_id = 4;
  EXPECT_FALSE(IsComplete({ours})) << "a printed rate alone is old only without a load";
}

}  // namespace
}  // namespace ollama_bench
