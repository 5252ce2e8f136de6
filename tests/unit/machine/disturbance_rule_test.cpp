#include "ollama_bench/machine/load_probe.h"

#include <gtest/gtest.h>

namespace ollama_bench {
namespace {

MachineUse Use(int cpus, double server, double others) {
  MachineUse use;
  use.elapsed_s = 10;
  use.cpus = cpus;
  use.server = 10 * server;
  use.others_user = 10 * others;
  return use;
}

TEST(DisturbanceRuleTest, ATwentiethOfTheCpusIsMuchAndATenthOfOneAtLeast) {
  for (const int cpus : {1, 2, 4, 16, 128}) {
    const double much = std::max(0.1, 0.05 * cpus);
    EXPECT_FALSE(FindDisturbance(Use(cpus, cpus - much, 0.98 * much))) << cpus;
    EXPECT_TRUE(FindDisturbance(Use(cpus, cpus - much, 1.02 * much))) << cpus;
  }
}

TEST(DisturbanceRuleTest, HalfOfTheCpusFreeIsRoomEnough) {
  EXPECT_FALSE(FindDisturbance(Use(16, 1, 6.9)));
  EXPECT_TRUE(FindDisturbance(Use(16, 1, 7.1)));
}

TEST(DisturbanceRuleTest, AFewTicksMayBeAnErrorOfTheClocks) {
  MachineUse use;
  use.elapsed_s = 0.1;
  use.cpus = 2;
  use.server = 0.1;
  use.others_user = 0.14;
  EXPECT_FALSE(FindDisturbance(use));
  use.others_user = 0.16;
  EXPECT_TRUE(FindDisturbance(use));
}

// Else a cell that does not fit into memory could never be measured.
TEST(DisturbanceRuleTest, TheKernelsWorkUnderMemoryPressureIsNotBlamedOnOthers) {
  MachineUse use = Use(2, 1, 0.05);
  use.others_system = 8;
  use.memory_pressure_s = 0.5;
  ASSERT_TRUE(FindDisturbance(use));
  EXPECT_EQ(FindDisturbance(use)->cause, "cpu");
  use.memory_pressure_s = 5;
  EXPECT_FALSE(FindDisturbance(use));
  use.others_user = 6;
  ASSERT_TRUE(FindDisturbance(use));
  EXPECT_EQ(FindDisturbance(use)->cause, "memory");
  EXPECT_EQ(FindDisturbance(use)->memory_pressure_percent, 50);
}

TEST(DisturbanceRuleTest, WhatOthersUseAllTheTimeDisturbsNothing) {
  EXPECT_TRUE(FindDisturbance(Use(4, 4, 0.5)));
  EXPECT_FALSE(FindDisturbance(Use(4, 4, 0.5), 0.4));
  EXPECT_TRUE(FindDisturbance(Use(4, 4, 0.9), 0.4)) << "so much more than usual";
}

TEST(DisturbanceRuleTest, TheBackgroundIsTheMedianUseOfThreeSamplesOrMoreUpToAFifthOfTheCpus) {
  EXPECT_EQ(BackgroundCpus({}, 4), 0);
  const double uses[] = {0.3, 5, 0.4, 0.3};
  EXPECT_EQ(BackgroundCpus({uses, 2}, 4), 0) << "too few to tell";
  EXPECT_EQ(BackgroundCpus({uses, 3}, 4), 0.4);
  EXPECT_NEAR(BackgroundCpus({uses, 4}, 4), 0.35, 1e-12);
  const double busy[] = {3, 3, 3};
  EXPECT_EQ(BackgroundCpus(busy, 4), 0.8) << "more is a disturbance however long it lasts";
}

TEST(DisturbanceRuleTest, NoTimeIsNoDisturbance) {
  EXPECT_FALSE(FindDisturbance(MachineUse()));
}

}  // namespace
}  // namespace ollama_bench
