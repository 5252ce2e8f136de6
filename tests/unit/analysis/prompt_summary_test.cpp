#include "ollama_bench/analysis/prompt_summary.h"

#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

#include "support/prompt_records.h"

namespace ollama_bench {
namespace {

const Distribution& FigureOf(const PromptSummary& summary, std::string_view key) {
  for (const Distribution& figure : summary.figures) {
    if (figure.key == key) return figure;
  }
  throw std::logic_error("no such figure");
}

TEST(PromptSummaryTest, CountsFailuresByKindAndNoneAsAnAnswer) {
  PromptSummarizer summarizer(6);
  summarizer.Add(AnsweredPrompt(0, 6));
  summarizer.Add(FailedPrompt(1, 6, FailureKind::kNoMetrics, "unfinished"));
  summarizer.Add(FailedPrompt(2, 6, FailureKind::kRunnerCrash, "error_line"));
  summarizer.Add(FailedPrompt(3, 6, FailureKind::kServerBusy, "refused"));
  const PromptSummary summary = summarizer.Finish();
  EXPECT_EQ(summary.answered, 1U);
  EXPECT_EQ(summary.unasked, 2U);
  EXPECT_EQ(summary.failures, (std::map<std::string, std::size_t>{
                                  {"error_line", 1}, {"server_busy", 1}, {"unfinished", 1}}));
  EXPECT_EQ(FigureOf(summary, "e2e_ms").values.size(), 1U);
}

TEST(PromptSummaryTest, KeepsWhatWaitedForALoadOutOfTheFigures) {
  PromptSummarizer summarizer(3);
  PromptRecord cold = AnsweredPrompt(0, 3, 9000);
  cold.is_first_after_load = true;
  summarizer.Add(cold);
  summarizer.Add(AnsweredPrompt(1, 3, 100));
  summarizer.Add(AnsweredPrompt(2, 3, 200));
  const PromptSummary summary = summarizer.Finish();
  EXPECT_EQ(FigureOf(summary, "e2e_ms").values, (std::vector<double>{100, 200}));
  ASSERT_EQ(summary.first_after_load.size(), 1U);
  ASSERT_TRUE(summary.second);
  EXPECT_EQ(summary.second->e2e_ms, 100);
  EXPECT_EQ(summary.slowest.front().id, "p0") << "it was slow all the same";
}

TEST(PromptSummaryTest, SeparatesTheVarianceBetweenRunsFromThatBetweenPrompts) {
  PromptSummarizer summarizer(6);
  for (int prompt = 0; prompt < 3; ++prompt) {
    for (int repeat = 1; repeat <= 2; ++repeat) {
      PromptRecord record = AnsweredPrompt(prompt, 3, 100.0 + 50 * prompt + (repeat == 1 ? -3 : 3));
      record.repeat = repeat;
      summarizer.Add(record);
    }
  }
  const PromptSummary summary = summarizer.Finish();
  const Distribution& e2e = FigureOf(summary, "e2e_ms");
  EXPECT_EQ(e2e.values, (std::vector<double>{100, 150, 200}));
  EXPECT_NEAR(*e2e.deviation, 50, 1e-9);
  EXPECT_NEAR(*e2e.run_deviation, std::sqrt(18.0), 1e-9);
  EXPECT_EQ(summary.prompts, 3U);
}

TEST(PromptSummaryTest, NamesTheTenSlowestSlowestFirst) {
  PromptSummarizer summarizer(30);
  for (int i = 0; i < 30; ++i) summarizer.Add(AnsweredPrompt(i, 30, 100 + (i * 7) % 30));
  const PromptSummary summary = summarizer.Finish();
  ASSERT_EQ(summary.slowest.size(), 10U);
  double expected = 129;
  for (const SlowPrompt& slow : summary.slowest) EXPECT_EQ(slow.e2e_ms, expected--);
}

}  // namespace
}  // namespace ollama_bench
