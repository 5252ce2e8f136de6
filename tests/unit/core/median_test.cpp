#include "ollama_bench/core/median.h"

#include <gtest/gtest.h>

namespace ollama_bench {
namespace {

TEST(MedianTest, HasNoValueWithoutValues) {
  EXPECT_EQ(Median({}), std::nullopt);
}

TEST(MedianTest, IsTheMiddleOfAnOddNumberInAnyOrder) {
  EXPECT_EQ(Median({9, 1, 5}), 5);
}

TEST(MedianTest, IsTheMeanOfTheTwoMiddleOnesOfAnEvenNumber) {
  EXPECT_EQ(Median({10, 1, 4, 2}), 3);
}

TEST(MedianTest, DoesNotOverflow) {
  EXPECT_EQ(Median({1e308, 1.5e308}), 1.25e308);
}

}  // namespace
}  // namespace ollama_bench
