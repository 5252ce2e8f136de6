#include "change_text.h"

#include <gtest/gtest.h>

namespace ollama_bench {
namespace {

Change By(double log_ratio) {
  Change change;
  change.log.value = log_ratio;
  return change;
}

TEST(ChangeTextTest, RatesAndTimesAreFasterOrSlowerAndOtherFiguresHigherOrLower) {
  EXPECT_EQ(Direction(By(0.1), Metric::kPromptEvalRate), "faster");
  EXPECT_EQ(Direction(By(0.1), Metric::kTotal), "slower");
  EXPECT_EQ(Direction(By(-0.1), Metric::kTtftP95), "faster");
  EXPECT_EQ(Direction(By(-0.1), Metric::kRequestThroughput), "slower");
  EXPECT_EQ(Direction(By(0.1), Metric::kJoulesPerToken), "higher");
  EXPECT_EQ(Direction(By(-0.1), Metric::kGpuMemory), "lower");
}

}  // namespace
}  // namespace ollama_bench
