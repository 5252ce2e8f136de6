#include "ollama_bench/core/sample.h"

#include <gtest/gtest.h>

#include "ollama_bench/core/metric.h"

namespace ollama_bench {
namespace {

RunMetrics Generated(std::optional<std::int64_t> count, std::chrono::nanoseconds duration) {
  RunMetrics metrics;
  metrics.eval_count = count;
  metrics.eval = duration;
  metrics.printed_eval_rate = 99;
  return metrics;
}

// The duration starts when the first token is there, so that N tokens took N - 1 steps.
TEST(EvalRateTest, CountsTheTokensAfterTheFirst) {
  for (const int count : {2, 3, 64, 1000}) {
    const std::chrono::nanoseconds step = std::chrono::milliseconds(20);
    EXPECT_NEAR(EvalRate(Generated(count, (count - 1) * step)).value(), 50, 1e-9) << count;
  }
}

TEST(EvalRateTest, ThereIsNoneBelowTwoTokensOrWithoutADuration) {
  for (const int count : {0, 1}) {
    EXPECT_EQ(EvalRate(Generated(count, std::chrono::milliseconds(20))), std::nullopt) << count;
  }
  EXPECT_EQ(EvalRate(Generated(std::nullopt, std::chrono::milliseconds(20))), std::nullopt);
  EXPECT_EQ(EvalRate(Generated(64, std::chrono::nanoseconds(0))), std::nullopt);
}

TEST(EvalRateTest, ThePrintedRateIsNeverShownInItsPlace) {
  Sample sample;
  sample.metrics = Generated(1, std::chrono::milliseconds(20));
  EXPECT_EQ(Describe(Metric::kEvalRate).value(sample), std::nullopt);
}

}  // namespace
}  // namespace ollama_bench
