#include "number_format.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <random>
#include <set>

namespace ollama_bench {
namespace {

std::string Format(const std::vector<double>& values, double value) {
  return ChooseNumberFormat(values, Metric::kPromptEvalRate)(value);
}

TEST(NumberFormatTest, GivesTheLargestValueFourDigitsAndAtMostTheMetricsDecimals) {
  EXPECT_EQ(Format({0.123, 8.346}, 0.123), "0.12");
  EXPECT_EQ(Format({83.344, 12.3}, 83.344), "83.34");
  EXPECT_EQ(Format({317.346, 83.3}, 83.344), "83.3");
  EXPECT_EQ(Format({3173.46, 83.3}, 83.344), "83");
}

TEST(NumberFormatTest, DropsDecimalsThatNoValueNeeds) {
  EXPECT_EQ(Format({85.5, 78.2}, 85.5), "85.5");
  EXPECT_EQ(Format({85, 78}, 85), "85");
  EXPECT_EQ(Format({85.5, 78.25}, 85.5), "85.50");
}

TEST(NumberFormatTest, StaysShortWhateverTheValue) {
  for (const double value : {1e300, 1.7e308, 123456789.0, 0.0, 99999999.0}) {
    EXPECT_LE(Format({value}, value).size(), 12U) << value;
  }
}

TEST(RoundTicksTest, AreRoundEvenlySpacedAndWithinTheRangeForRandomRanges) {
  std::mt19937 random(7);
  std::uniform_real_distribution<double> exponent(-3, 6);
  for (int i = 0; i < 2000; ++i) {
    const double low = std::pow(10, exponent(random));
    const double high = low + std::pow(10, exponent(random));
    const int most = 3 + i % 7;
    const std::vector<double> ticks = RoundTicks(low, high, most);
    ASSERT_GE(ticks.size(), 1U);
    ASSERT_LE(ticks.size(), static_cast<std::size_t>(most));
    if (ticks.size() == 1) continue;
    const double step = ticks[1] - ticks[0];
    const double mantissa = step / std::pow(10, std::floor(std::log10(step) + 1e-6));
    EXPECT_TRUE(std::abs(mantissa - 1) < 1e-5 || std::abs(mantissa - 2) < 1e-5 ||
                std::abs(mantissa - 5) < 1e-5)
        << mantissa;
    EXPECT_GE(ticks.front(), low - step * 1e-6);
    EXPECT_LE(ticks.back(), high + step * 1e-6);
    const NumberFormat format = FormatForTicks(ticks);
    std::set<std::string> labels;
    for (const double tick : ticks) labels.insert(format(tick));
    EXPECT_EQ(labels.size(), ticks.size()) << low << " to " << high;
  }
}

TEST(RoundTicksTest, AreAtLeastTwoWhereThreeAreAllowedAndTheRangeHasRoom) {
  EXPECT_EQ(RoundTicks(78.2, 85.6, 9), (std::vector<double>{79, 80, 81, 82, 83, 84, 85}));
  EXPECT_EQ(RoundTicks(0, 100, 3), (std::vector<double>{0, 50, 100}));
}

TEST(RoundedToIntervalTest, HasNoMoreDigitsThanTheIntervalSupports) {
  constexpr Metric kRate = Metric::kPromptEvalRate;
  EXPECT_EQ(RoundedToInterval(85.46, 84.9, 86.0, kRate), "85.5");
  EXPECT_EQ(RoundedToInterval(1213, 1180, 1250, kRate), "1210");
  EXPECT_EQ(RoundedToInterval(85.46, 79, 92, kRate), "85");
  EXPECT_EQ(RoundedToInterval(85.456, 85.456, 85.456, kRate), "85.46") << "no width";
  EXPECT_EQ(RoundedToInterval(85.456, 85.4559, 85.4561, kRate), "85.46") << "the metric's decimals";
}

TEST(RoundedToIntervalTest, IsOffByLessThanTheHalfWidthForRandomIntervals) {
  std::mt19937 random(11);
  std::uniform_real_distribution<double> exponent(-1, 6);
  for (int i = 0; i < 2000; ++i) {
    const double value = std::pow(10, exponent(random));
    const double half = value * std::pow(10, -exponent(random) / 2);
    const std::string text =
        RoundedToInterval(value, value - half, value + half, Metric::kPromptEvalRate);
    EXPECT_LE(std::abs(std::stod(text) - value), std::max(half, 0.01) / 2 * 1.0001) << text;
    EXPECT_LE(text.size(), 12U);
  }
}

TEST(RoundTicksTest, AreOneForEqualEnds) {
  EXPECT_EQ(RoundTicks(85.5, 85.5, 5), std::vector<double>{85.5});
}

}  // namespace
}  // namespace ollama_bench
