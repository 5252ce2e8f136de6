#include "ollama_bench/core/random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace ollama_bench {
namespace {

TEST(RandomTest, GivesTheSameNumbersForASeedOnEveryMachine) {
  // Reference values of SplitMix64 for the seed 1234567.
  Random random(1234567);
  EXPECT_EQ(random.Bits(), 6457827717110365317U);
  EXPECT_EQ(random.Bits(), 3203168211198807973U);
  EXPECT_EQ(random.Bits(), 9817491932198370423U);
}

TEST(RandomTest, NormalNumbersHaveMeanZeroVarianceOneAndAreIndependentInAPair) {
  Random random(1);
  constexpr int kPairs = 100'000;
  double sum = 0;
  double squares = 0;
  double products = 0;
  for (int i = 0; i < kPairs; ++i) {
    const auto [first, second] = random.NormalPair();
    sum += first + second;
    squares += first * first + second * second;
    products += first * second;
  }
  const double five_errors = 5 / std::sqrt(double{kPairs});
  EXPECT_NEAR(sum / (2 * kPairs), 0, five_errors);
  EXPECT_NEAR(squares / (2 * kPairs), 1, five_errors);
  EXPECT_NEAR(products / kPairs, 0, five_errors);
}

TEST(RandomTest, BelowReachesEveryNumberAndNoOther) {
  Random random(1);
  std::set<std::size_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random.Below(7));
  EXPECT_EQ(seen.size(), 7U);
  EXPECT_EQ(*seen.rbegin(), 6U);
}

TEST(SystemRandomTest, TwoSourcesDiffer) {
  EXPECT_NE(SystemRandom()(), SystemRandom()());
}

}  // namespace
}  // namespace ollama_bench
