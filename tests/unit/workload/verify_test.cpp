#include "ollama_bench/workload/verify.h"

#include <gtest/gtest.h>

#include "cli_output.h"
#include "support/test_data.h"

namespace ollama_bench {
namespace {

using std::chrono::milliseconds;

Sample GoodSample() {
  Sample sample;
  sample.metrics = {milliseconds(1100),
                    milliseconds(20),
                    300,
                    {},
                    milliseconds(1000),
                    300.0,
                    2,
                    milliseconds(30),
                    66.67};
  sample.wall = milliseconds(1130);
  sample.effective_context = 2048;
  return sample;
}

std::optional<Exclusion> Judge(const Sample& sample, std::optional<std::int64_t> tokens = 300) {
  return VerifyRequest(sample, {{2048, 256}, 2, tokens});
}

Sample FromTranscript(const char* version, const char* situation) {
  Sample sample;
  sample.metrics = ParseVerboseOutput(TranscriptStderr(version, situation));
  return sample;
}

TEST(VerifyTest, AcceptsARunAsItShouldBe) {
  EXPECT_EQ(Judge(GoodSample()), std::nullopt);
  EXPECT_EQ(Judge(GoodSample(), std::nullopt), std::nullopt);
  Sample sample = GoodSample();
  sample.metrics.prompt_eval_count = 297;
  sample.metrics.printed_prompt_eval_rate = 297.0;
  EXPECT_EQ(Judge(sample), std::nullopt) << "markers differ by a few tokens";
}

TEST(VerifyTest, SeesARealPromptThatWasCutToTheContext) {
  EXPECT_EQ(VerifyRequest(FromTranscript("v0.11.4", "run_prompt_longer_than_context"),
                          {{512, 64}, 2, {}}),
            Exclusion::kTruncated);
  // With llama-server half of it comes back, which looks as if it fitted.
  EXPECT_EQ(VerifyRequest(FromTranscript("v0.32.15", "run_prompt_longer_than_context"),
                          {{512, 64}, 2, 600}),
            Exclusion::kTruncated);
}

TEST(VerifyTest, TakesFewerTokensThatWouldHaveFittedForCachedOnes) {
  Sample sample = GoodSample();
  sample.metrics.prompt_eval_count = 100;
  sample.metrics.printed_prompt_eval_rate = 100.0;
  EXPECT_EQ(Judge(sample), Exclusion::kCached);
}

TEST(VerifyTest, ToleratesACachedTemplateButNotACachedPrompt) {
  Sample sample = GoodSample();
  sample.metrics.prompt_eval_cached = 8;
  EXPECT_EQ(Judge(sample), std::nullopt);
  sample.metrics.prompt_eval_cached = 150;
  EXPECT_EQ(Judge(sample), Exclusion::kCached);
}

TEST(VerifyTest, RefusesAnotherContextButNotOneThatIsRoundedUp) {
  Sample sample = GoodSample();
  sample.effective_context = 2048 + 255;
  EXPECT_EQ(Judge(sample), std::nullopt);
  for (const std::int64_t other : {1024, 2047, 4096}) {
    sample.effective_context = other;
    EXPECT_EQ(Judge(sample), Exclusion::kWrongContext) << other;
  }
  sample.effective_context.reset();
  EXPECT_EQ(Judge(sample), std::nullopt) << "old servers do not tell";
}

TEST(VerifyTest, RefusesARateThatIsNotCountByDuration) {
  Sample sample = GoodSample();
  sample.metrics.printed_prompt_eval_rate = 310.0;
  EXPECT_EQ(Judge(sample), Exclusion::kRateMismatch);
}

TEST(VerifyTest, RefusesDurationsThatDoNotFitTheTimeThatPassed) {
  Sample sample = GoodSample();
  sample.metrics.total = milliseconds(5000);
  EXPECT_EQ(Judge(sample), Exclusion::kClock) << "longer than we waited";
  sample = GoodSample();
  sample.metrics.total = milliseconds(500);
  EXPECT_EQ(Judge(sample), Exclusion::kClock) << "shorter than its part";
}

}  // namespace
}  // namespace ollama_bench
