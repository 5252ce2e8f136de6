#include "ollama_bench/analysis/scaling_law.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace ollama_bench {
namespace {

/// A machine whose law is known: t(n) = a + b n + c n², and `bend` more a token from `place` on.
struct Machine {
  double a = 0.02;
  double b = 0.001;
  double c = 2e-8;
  double bend = 0;
  double place = 0;

  [[nodiscard]] double TimeOf(double tokens) const {
    return a + b * tokens + c * tokens * tokens + bend * std::max(0.0, tokens - place);
  }
};

std::vector<double> Lengths(int count) {
  std::vector<double> lengths;
  for (int i = 0; i < count; ++i) lengths.push_back(std::round(64 * std::pow(2, 0.55 * i)));
  return lengths;
}

// Relative noise of each run, and what all runs of a load have in common.
std::vector<LoadTime> Measure(const Machine& machine, int lengths, int loads, double of_run,
                              double of_load, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  std::vector<LoadTime> times;
  for (int load = 1; load <= loads; ++load) {
    const double level = std::exp(of_load * normal(random));
    for (const double tokens : Lengths(lengths)) {
      times.push_back(
          {load, tokens, machine.TimeOf(tokens) * level * std::exp(of_run * normal(random))});
    }
  }
  return times;
}

bool Covers(const Bounded& bounded, double truth) {
  return bounded.low <= truth && truth <= bounded.high;
}

TEST(ScalingLawTest, IsExactWhereThereIsNoNoise) {
  std::mt19937_64 random(1);
  const Machine machine;
  const auto law = FitScalingLaw(Measure(machine, 12, 3, 0, 0, random));
  ASSERT_TRUE(law);
  EXPECT_NEAR(law->terms()[0].estimate, machine.a, 1e-9);
  EXPECT_NEAR(law->terms()[1].estimate, machine.b, 1e-12);
  EXPECT_NEAR(law->terms()[2].estimate, machine.c, 1e-15);
  EXPECT_NEAR(law->At(1000)->seconds.estimate, machine.TimeOf(1000), 1e-9);
}

TEST(ScalingLawTest, ItsIntervalsHoldTheTruthWhateverALoadHasInCommon) {
  std::mt19937_64 random(2);
  const Machine machine;
  for (const double of_load : {0.0, 0.02}) {
    int covered[3] = {0, 0, 0};
    int predicted = 0;
    constexpr int kSweeps = 1000;
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
      const auto law = FitScalingLaw(Measure(machine, 12, 3, 0.01, of_load, random));
      ASSERT_TRUE(law);
      if (law->breakpoint()) continue;  // counted in another test
      covered[0] += Covers(law->terms()[0], machine.a) ? 1 : 0;
      covered[1] += Covers(law->terms()[1], machine.b) ? 1 : 0;
      covered[2] += Covers(law->terms()[2], machine.c) ? 1 : 0;
      predicted += Covers(law->At(1500)->seconds, machine.TimeOf(1500)) ? 1 : 0;
    }
    for (const int count : {covered[0], covered[1], covered[2], predicted}) {
      EXPECT_GE(count, 890) << of_load << ": of 1,000, breakpoints aside";
      EXPECT_LE(count, 975) << of_load;
    }
  }
}

TEST(ScalingLawTest, ABreakpointIsRarelyClaimedWhereThereIsNone) {
  std::mt19937_64 random(3);
  int claims = 0;
  for (int sweep = 0; sweep < 400; ++sweep) {
    const auto law = FitScalingLaw(Measure(Machine(), 12, 3, 0.01, 0.01, random));
    claims += law->breakpoint() ? 1 : 0;
  }
  EXPECT_LE(claims, 28) << "5 % of 400, and twice the standard deviation of that";
}

TEST(ScalingLawTest, ASlopeThatChangesByHalfIsFoundWhereItChanges) {
  std::mt19937_64 random(4);
  Machine machine;
  machine.bend = 0.5 * machine.b;
  machine.place = 700;
  int found = 0;
  int covered = 0;
  for (int sweep = 0; sweep < 200; ++sweep) {
    const auto law = FitScalingLaw(Measure(machine, 12, 3, 0.01, 0.01, random));
    if (!law->breakpoint()) continue;
    ++found;
    covered += law->breakpoint()->low <= 700 && 700 <= law->breakpoint()->high ? 1 : 0;
    EXPECT_GT(law->breakpoint()->slope_change, 0);
  }
  EXPECT_GE(found, 180);
  EXPECT_GE(covered, found * 9 / 10);
}

TEST(ScalingLawTest, MarksWhatLiesBeyondTheLengthsAndRefusesWhatLiesFarBeyond) {
  std::mt19937_64 random(5);
  const auto law = FitScalingLaw(Measure(Machine(), 8, 3, 0.01, 0, random));
  ASSERT_TRUE(law);
  EXPECT_FALSE(law->At(law->longest())->is_extrapolated);
  EXPECT_TRUE(law->At(1.5 * law->longest())->is_extrapolated);
  EXPECT_FALSE(law->At(2.1 * law->longest()));
  EXPECT_TRUE(law->At(0.6 * law->shortest())->is_extrapolated);
  EXPECT_FALSE(law->At(0.4 * law->shortest()));
}

TEST(ScalingLawTest, NeedsALoadWithMoreLengthsThanTerms) {
  std::mt19937_64 random(6);
  EXPECT_FALSE(FitScalingLaw({}));
  EXPECT_FALSE(FitScalingLaw(Measure(Machine(), 3, 3, 0.01, 0, random)));
  EXPECT_TRUE(FitScalingLaw(Measure(Machine(), 4, 3, 0.01, 0, random)));
  const auto line = FitScalingLaw(Measure(Machine(), 3, 1, 0.01, 0, random), 2);
  ASSERT_TRUE(line);
  EXPECT_EQ(line->terms().size(), 2U);
  EXPECT_LT(line->terms()[1].low, line->terms()[1].high) << "by the residuals of one load";
}

}  // namespace
}  // namespace ollama_bench
