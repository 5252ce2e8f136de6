#include "ollama_bench/analysis/prompt_comparison.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ollama_bench/core/random.h"
#include "support/prompt_records.h"

namespace ollama_bench {
namespace {

/// A pass over prompts of very different lengths; the noise is that of a run.
PromptRuns Pass(Random& random, int prompts, int repeats, double factor, double noise) {
  PromptRuns runs;
  for (int i = 0; i < prompts; ++i) {
    for (int repeat = 1; repeat <= repeats; ++repeat) {
      const double e2e = factor * (50 + 40.0 * i) * std::exp(noise * random.Normal());
      PromptRecord record = AnsweredPrompt(0, 1, e2e);
      record.item.id = "p" + std::to_string(i);
      record.repeat = repeat;
      runs.Add(record);
    }
  }
  return runs;
}

TEST(PromptComparisonTest, PairingFindsWhatTheSpreadOfPromptsWouldHide) {
  Random random(1);
  const PromptRuns before = Pass(random, 40, 1, 1, 0.02);
  const PromptRuns after = Pass(random, 40, 1, 1.05, 0.02);
  const PromptComparison comparison = ComparePrompts(before, after, Metric::kTotal);
  ASSERT_TRUE(comparison.overall);
  EXPECT_TRUE(comparison.overall->is_called);
  const Interval percent = comparison.overall->PercentInterval(comparison.OverallLevel());
  EXPECT_LT(percent.low, 5);
  EXPECT_GT(percent.high, 5);
  EXPECT_TRUE(IsSlower(comparison, 0.02));
  EXPECT_FALSE(IsSlower(comparison, 0.10));
  EXPECT_FALSE(comparison.can_judge_prompts) << "one run each";
}

TEST(PromptComparisonTest, WhereNothingChangedItSaysSoNearlyAlways) {
  Random random(2);
  int called = 0;
  int prompts_called = 0;
  constexpr int kRounds = 300;
  for (int round = 0; round < kRounds; ++round) {
    const PromptRuns before = Pass(random, 12, 3, 1, 0.05);
    const PromptRuns after = Pass(random, 12, 3, 1, 0.05);
    const PromptComparison comparison = ComparePrompts(before, after, Metric::kTotal);
    called += comparison.overall->is_called ? 1 : 0;
    for (const PromptChange& prompt : comparison.prompts) {
      if (prompt.change.is_called) {
        ++prompts_called;
        break;
      }
    }
  }
  EXPECT_LE(called, 12) << "1 % each";
  EXPECT_LE(prompts_called, 24) << "4 % each";
}

TEST(PromptComparisonTest, RepeatedPromptsAreJudgedOneByOne) {
  Random random(3);
  const PromptRuns before = Pass(random, 10, 4, 1, 0.02);
  PromptRuns after;
  for (const auto& [id, prompt] : before.prompts()) {
    for (const PromptTiming& timing : prompt.runs) {
      PromptRecord record = AnsweredPrompt(0, 1, *timing.e2e_ms * (id == "p3" ? 1.5 : 1.0));
      record.item.id = id;
      after.Add(record);
    }
  }
  const PromptComparison comparison = ComparePrompts(before, after, Metric::kTotal);
  EXPECT_TRUE(comparison.can_judge_prompts);
  for (const PromptChange& prompt : comparison.prompts) {
    EXPECT_EQ(prompt.change.is_called, prompt.id == "p3") << prompt.id;
  }
}

TEST(PromptComparisonTest, CountsWhatHasNoPair) {
  PromptRuns first;
  PromptRuns second;
  for (const int i : {0, 1, 2}) first.Add(AnsweredPrompt(i, 5));
  for (const int i : {1, 4}) second.Add(AnsweredPrompt(i, 5));
  second.Add(FailedPrompt(2, 5, FailureKind::kTimeout, "timed_out"));
  const PromptComparison comparison = ComparePrompts(first, second, Metric::kTotal);
  EXPECT_EQ(comparison.prompts.size(), 1U);
  EXPECT_FALSE(comparison.overall) << "one pair";
  EXPECT_EQ(comparison.only_first, 1U);
  EXPECT_EQ(comparison.only_second, 1U);
  EXPECT_EQ(comparison.now_failed, (std::vector<std::string>{"p2"}));
  EXPECT_TRUE(IsSlower(comparison, 0.5)) << "a prompt that fails now is worse than any loss";
}

TEST(PromptComparisonTest, ThePassAgainstItselfIsNoChange) {
  Random random(4);
  const PromptRuns pass = Pass(random, 5, 1, 1, 0.1);
  const PromptComparison comparison = ComparePrompts(pass, pass, Metric::kTotal);
  ASSERT_TRUE(comparison.overall);
  EXPECT_FALSE(comparison.overall->is_called);
  EXPECT_TRUE(std::isfinite(comparison.overall->p_value));
}

}  // namespace
}  // namespace ollama_bench
