#include "ollama_bench/analysis/scale_limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ollama_bench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

ScalePoint Point(double tokens, double decode_rate, double gpu_share) {
  ScalePoint point;
  point.tokens = tokens;
  point.decode_rate = Bounded{decode_rate, decode_rate, decode_rate};
  point.prefill_rate = Bounded{1000, 990, 1010};
  point.serving.gpu_share = gpu_share;
  return point;
}

const DecodeCost kCost{1'000'000'000, 2'000'000'000, 100'000, false};

TEST(ScaleLimitsTest, UtilisationIsBytesATokenTimesRateOverBandwidth) {
  ScaleSeries series;
  series.points = {Point(0, 20, 0), Point(10'000, 15, 0)};
  const auto limits = LimitsOf(series, kCost, {40, "triad", false});
  ASSERT_TRUE(limits);
  ASSERT_EQ(limits->decode.size(), 2U);
  EXPECT_DOUBLE_EQ(limits->decode[0].utilisation, 0.5);
  EXPECT_DOUBLE_EQ(limits->decode[1].bytes_per_token, 2e9) << "the cache of 10,000 tokens, too";
  EXPECT_DOUBLE_EQ(limits->decode[1].utilisation, 0.75);
  EXPECT_DOUBLE_EQ(*limits->prefill_operations_per_s, 2 * 2e9 * 1000);
  const auto quantised = LimitsOf(series, kCost, {40, "triad", false}, 0.5);
  EXPECT_DOUBLE_EQ(quantised->decode[1].bytes_per_token, 1.5e9);
}

TEST(ScaleLimitsTest, AModelThatLiesElsewhereOrInBothIsNotHeldAgainstThisMemory) {
  ScaleSeries series;
  series.points = {Point(0, 20, 1)};
  EXPECT_FALSE(LimitsOf(series, kCost, {40, "triad", false}));
  EXPECT_TRUE(LimitsOf(series, kCost, {400, "nvbandwidth", true}));
  series.points = {Point(0, 20, 0.6)};
  EXPECT_FALSE(LimitsOf(series, kCost, {40, "triad", false}));
  EXPECT_FALSE(LimitsOf(series, kCost, {400, "nvbandwidth", true}));
  series.points = {Point(0, 20, 0)};
  series.points.front().throughput = Bounded{60, 59, 61};
  EXPECT_FALSE(LimitsOf(series, kCost, {40, "triad", false})) << "requests share the weights";
}

TEST(ScaleLimitsTest, AdviceFollowsTheFigures) {
  ScaleSeries series;
  series.points = {Point(0, 32, 0)};
  const auto bound = LimitsOf(series, kCost, {40, "triad", false});
  EXPECT_THAT(AdviceOf(series, kCost, bound), ElementsAre(HasSubstr("limited by memory")));
  series.points = {Point(0, 8, 0)};
  const auto unbound = LimitsOf(series, kCost, {40, "triad", false});
  EXPECT_THAT(AdviceOf(series, kCost, unbound),
              ElementsAre(HasSubstr("20 % of the memory bandwidth")));
  series.points = {Point(0, 8, 0.7)};
  EXPECT_THAT(AdviceOf(series, kCost, std::nullopt),
              ElementsAre(HasSubstr("1,000 tokens of context take 100 MB")));
  series.points = {Point(0, 18, 0)};
  EXPECT_THAT(AdviceOf(series, std::nullopt, LimitsOf(series, kCost, {40, "triad", false})),
              IsEmpty());
}

TEST(ScaleLimitsTest, LongPromptsAreWorthAWordWhereTheSquareIsMuchOfTheirTime) {
  const auto advice = [](double squared) {
    std::vector<LoadTime> times;
    for (int load = 1; load <= 3; ++load) {
      for (const double tokens : {64, 128, 256, 512, 1024, 2048, 4096}) {
        const double level = 1 + 0.001 * load;
        times.push_back(
            {load, tokens, level * (0.01 + 0.001 * tokens + squared * tokens * tokens)});
      }
    }
    ScaleSeries series;
    series.prefill = *FitScalingLaw(times);
    return AdviceOf(series, std::nullopt, std::nullopt);
  };
  EXPECT_THAT(advice(2.5e-7), ElementsAre(HasSubstr("51 % of the time grows with the square")));
  EXPECT_THAT(advice(1e-9), IsEmpty());
}

}  // namespace
}  // namespace ollama_bench
