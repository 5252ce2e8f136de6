#include "noise_likelihood.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <random>

namespace ollama_bench {
namespace {

double Below(const std::vector<NormalPart>& parts, double value) {
  double probability = 0;
  for (const NormalPart& part : parts) {
    const double distance = (value - part.mean) / std::sqrt(part.variance);
    probability += part.weight * 0.5 * std::erfc(-distance / std::numbers::sqrt2);
  }
  return probability;
}

std::vector<NormalPart> RandomParts(std::mt19937& random) {
  std::uniform_real_distribution<double> uniform(0.01, 1);
  std::vector<NormalPart> parts(1 + random() % 8);
  double total = 0;
  for (NormalPart& part : parts) {
    part = {uniform(random), 0.2 * uniform(random), std::pow(0.05 * uniform(random), 2)};
    total += part.weight;
  }
  for (NormalPart& part : parts) part.weight /= total;
  return parts;
}

TEST(NormalMixtureTest, OfOnePartIsItsOwnMeanDeviationAndInterval) {
  const LogPosterior one = Summarise({{1, 0.3, 0.04 * 0.04}});
  EXPECT_NEAR(one.mean, 0.3, 1e-12);
  EXPECT_NEAR(one.deviation, 0.04, 1e-12);
  EXPECT_NEAR(one.low, 0.3 - 1.959964 * 0.04, 1e-7);
  EXPECT_NEAR(one.high, 0.3 + 1.959964 * 0.04, 1e-7);
}

TEST(NormalMixtureTest, LeavesOneFortiethOfTheProbabilityBeyondEachEndOfItsInterval) {
  std::mt19937 random(20261121);
  for (int i = 0; i < 200; ++i) {
    const std::vector<NormalPart> parts = RandomParts(random);
    const LogPosterior mixture = Summarise(parts);
    EXPECT_NEAR(Below(parts, mixture.low), 0.025, 1e-9);
    EXPECT_NEAR(Below(parts, mixture.high), 0.975, 1e-9);
  }
}

TEST(NormalMixtureTest, HasTheMeanAndTheDeviationThatDrawsFromItHave) {
  std::mt19937 random(1);
  for (int i = 0; i < 5; ++i) {
    const std::vector<NormalPart> parts = RandomParts(random);
    const LogPosterior mixture = Summarise(parts);
    constexpr int kDraws = 40'000;
    double sum = 0;
    double squares = 0;
    for (int draw = 0; draw < kDraws; ++draw) {
      double left = std::uniform_real_distribution<double>()(random);
      std::size_t place = 0;
      while (place + 1 < parts.size() && left > parts[place].weight) left -= parts[place++].weight;
      const double value = std::normal_distribution<double>(
          parts[place].mean, std::sqrt(parts[place].variance))(random);
      sum += value;
      squares += (value - mixture.mean) * (value - mixture.mean);
    }
    EXPECT_NEAR(sum / kDraws, mixture.mean, 0.03 * mixture.deviation);
    EXPECT_NEAR(std::sqrt(squares / kDraws), mixture.deviation, 0.03 * mixture.deviation);
  }
}

TEST(NormalMixtureTest, WithoutAnyVarianceIsAPoint) {
  const LogPosterior point = Summarise({{0.5, 2, 0}, {0.5, 2, 0}});
  EXPECT_EQ(point.deviation, 0);
  EXPECT_NEAR(point.low, 2, 1e-9);
  EXPECT_NEAR(point.high, 2, 1e-9);
}

}  // namespace
}  // namespace ollama_bench
