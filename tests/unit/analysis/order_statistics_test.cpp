#include "ollama_bench/analysis/order_statistics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "ollama_bench/core/random.h"

namespace ollama_bench {
namespace {

std::vector<double> Numbers(std::size_t n) {
  std::vector<double> values;
  for (std::size_t i = 1; i <= n; ++i) values.push_back(static_cast<double>(i));
  return values;
}

// Of B below a quantile, binomial: the sum of its probabilities from `low` to `high`.
double Coverage(std::size_t n, double share, std::size_t low, std::size_t high) {
  double sum = 0;
  for (std::size_t k = low; k <= high; ++k) {
    const auto of = static_cast<double>(n);
    const auto below = static_cast<double>(k);
    sum += std::exp(std::lgamma(of + 1) - std::lgamma(below + 1) - std::lgamma(of - below + 1) +
                    below * std::log(share) + (of - below) * std::log1p(-share));
  }
  return sum;
}

TEST(OrderStatisticsTest, AP95NeedsSeventyTwoValuesAndAP99MoreThanThreeHundred) {
  EXPECT_EQ(FewestForQuantile(0.95), 72U);
  EXPECT_EQ(FewestForQuantile(0.5), 6U);
  EXPECT_EQ(FewestForQuantile(0.99), 368U);
  for (const double share : {0.1, 0.5, 0.9, 0.95, 0.99}) {
    const std::size_t fewest = FewestForQuantile(share);
    EXPECT_FALSE(QuantileOf(Numbers(fewest - 1), share)) << share;
    EXPECT_TRUE(QuantileOf(Numbers(fewest), share)) << share;
  }
  EXPECT_FALSE(QuantileOf({}, 0.5));
}

TEST(OrderStatisticsTest, EachEndOfTheIntervalIsAsTightAsItsTailAllows) {
  for (const double share : {0.5, 0.9, 0.95}) {
    for (const std::size_t n : {72U, 100U, 317U, 1000U}) {
      const auto quantile = QuantileOf(Numbers(n), share);
      ASSERT_TRUE(quantile);
      const auto low = static_cast<std::size_t>(quantile->interval.low);
      const auto high = static_cast<std::size_t>(quantile->interval.high);
      EXPECT_LE(Coverage(n, share, 0, low - 1), 0.025 + 1e-9) << n << ' ' << share;
      EXPECT_GT(Coverage(n, share, 0, low), 0.025) << "a higher end would do";
      EXPECT_LE(Coverage(n, share, high, n), 0.025 + 1e-9);
      EXPECT_GT(Coverage(n, share, high - 1, n), 0.025) << "a lower end would do";
      EXPECT_EQ(quantile->value, std::ceil(share * static_cast<double>(n) - 1e-9));
    }
  }
}

TEST(OrderStatisticsTest, IntervalsHoldTheTruthAsOftenAsTheyMust) {
  Random random(20261128);
  constexpr int kRounds = 2000;
  int held = 0;
  for (int round = 0; round < kRounds; ++round) {
    std::vector<double> values;
    for (int i = 0; i < 100; ++i) values.push_back(-std::log(random.Uniform()));
    std::sort(values.begin(), values.end());
    const Interval interval = QuantileOf(values, 0.9)->interval;
    const double truth = std::log(10.0);
    held += interval.low <= truth && truth <= interval.high ? 1 : 0;
  }
  EXPECT_GE(held, 0.945 * kRounds);
}

}  // namespace
}  // namespace ollama_bench
