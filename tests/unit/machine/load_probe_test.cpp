#include "ollama_bench/machine/load_probe.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "support/fake_proc.h"

namespace ollama_bench {
namespace {

constexpr int kPort = 11434;
constexpr int kServer = 50;
constexpr int kRunner = 60;
constexpr int kSelf = 70;

/// A machine of two CPUs with a server, its runner, and us.
class LoadProbeTest : public testing::TestWithParam<bool> {
 protected:
  LoadProbeTest() : proc_(GetParam()) {
    proc_.Put(kServer, {1, "ollama", 100, 20, 5, 0, 0});
    proc_.Put(kRunner, {kServer, "llama-server", 4000, 300, 10, 0, 0});
    proc_.Put(kSelf, {1, "ollama-bench", 3000, 7, 1, 0, 0});
    proc_.Put(80, {1, "a (strange) name", 200, 9999, 99, 0, 0});
    proc_.Listen(kPort, 1000, 4711);
    proc_.Hold(kServer, 4711);
  }
  // Ten seconds in which the runner keeps both CPUs as busy as others let it.
  void Run(std::int64_t others) {
    proc_.Spend(kRunner, 2000 - others);
    proc_.Pass(1000, 2000);
  }
  [[nodiscard]] LoadProbe Make() const { return {kPort, kSelf, proc_.path()}; }

  FakeProc proc_;
};

INSTANTIATE_TEST_SUITE_P(WithAndWithoutAListOfChildren, LoadProbeTest, testing::Bool());

TEST_P(LoadProbeTest, AQuietMachineDisturbsNothingHoweverBusyTheRunnerIs) {
  LoadProbe probe = Make();
  EXPECT_EQ(probe.Gap(), "");
  for (int i = 0; i < 3; ++i) {
    probe.Begin();
    Run(0);
    EXPECT_EQ(probe.End(), std::nullopt);
  }
}

TEST_P(LoadProbeTest, OthersAreToldWithTheirCpusAndThePressure) {
  proc_.PassPressure(3, 1);
  LoadProbe probe = Make();
  probe.Begin();
  Run(900);
  proc_.PassPressure(1.2, 0.05);
  const auto found = probe.End();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->cause, "cpu");
  EXPECT_NEAR(found->others_cpus.value(), 0.9, 1e-9);
  EXPECT_NEAR(found->pressure_percent.value(), 12, 1e-9);
  EXPECT_NEAR(found->memory_pressure_percent.value(), 0.5, 1e-9);
}

TEST_P(LoadProbeTest, WithoutPressureFilesThatPartIsAbsent) {
  LoadProbe probe = Make();
  probe.Begin();
  Run(900);
  const auto found = probe.End();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->pressure_percent, std::nullopt);
  EXPECT_EQ(found->memory_pressure_percent, std::nullopt);
}

TEST_P(LoadProbeTest, OurselvesAndOurClientAreNotOthers) {
  LoadProbe probe = Make();
  probe.Begin();
  proc_.Put(90, {kSelf, "ollama", proc_.uptime() + 1, 0, 0, 0, 0});
  proc_.Spend(90, 500, 100);
  proc_.End(90);
  proc_.Spend(kSelf, 200);
  proc_.Spend(kRunner, 1200);
  proc_.Pass(1000, 1900, 100);
  EXPECT_EQ(probe.End(), std::nullopt);
}

TEST_P(LoadProbeTest, AServerThatWeHaveStartedIsNotTakenOffTwice) {
  proc_.Put(kServer, {kSelf, "ollama", 100, 20, 5, 0, 0});
  LoadProbe probe = Make();
  probe.Begin();
  Run(900);
  const auto found = probe.End();
  ASSERT_TRUE(found);
  EXPECT_NEAR(found->others_cpus.value(), 0.9, 1e-9);
}

TEST_P(LoadProbeTest, ARunnerStartedAndOneEndedInBetweenBelongToTheServer) {
  LoadProbe probe = Make();
  probe.Begin();
  proc_.Spend(kRunner, 700);
  proc_.End(kRunner);
  proc_.Put(61, {kServer, "ollama", proc_.uptime() + 300, 0, 0, 0, 0});
  proc_.Spend(61, 1300);
  proc_.Pass(1000, 2000);
  EXPECT_EQ(probe.End(), std::nullopt);
}

TEST_P(LoadProbeTest, AHelperWhoseParentHasEndedStillBelongsToTheServer) {
  proc_.Put(65, {kRunner, "helper", 4100, 0, 0, 0, 0});
  LoadProbe probe = Make();
  probe.Begin();
  proc_.End(kRunner);
  proc_.Spend(65, 2000);
  proc_.Pass(1000, 2000);
  EXPECT_EQ(probe.End(), std::nullopt);
}

TEST_P(LoadProbeTest, AProcessNumberGivenToAnotherIsNotTakenForTheServers) {
  LoadProbe probe = Make();
  probe.Begin();
  proc_.Spend(kRunner, 700);
  proc_.End(kRunner);
  proc_.Put(kRunner, {1, "cc1plus", proc_.uptime() + 400, 0, 0, 0, 0});
  proc_.Spend(kRunner, 1000);
  proc_.Pass(1000, 2000);
  const auto found = probe.End();
  ASSERT_TRUE(found);
  EXPECT_NEAR(found->others_cpus.value(), 1.3, 1e-9);
}

TEST_P(LoadProbeTest, NothingIsToldWhereTheTimeOfAnEndedRunnerIsLost) {
  LoadProbe probe = Make();
  probe.Begin();
  proc_.Spend(kRunner, 2000);
  proc_.End(kRunner, /*is_waited_for=*/false);
  proc_.Pass(1000, 2000);
  EXPECT_EQ(probe.End(), std::nullopt);
}

TEST_P(LoadProbeTest, NothingIsToldOfARunInWhichTheServerWasStartedAnewAndTheNextIsSeenAgain) {
  LoadProbe probe = Make();
  probe.Begin();
  proc_.End(kRunner);
  proc_.End(kServer);
  proc_.Put(kServer, {1, "ollama", proc_.uptime() + 500, 0, 0, 0, 0});
  proc_.Hold(kServer, 4711);
  proc_.Pass(1000, 2000);
  EXPECT_EQ(probe.End(), std::nullopt);
  probe.Begin();
  proc_.Spend(kServer, 1000);
  proc_.Pass(1000, 2000);
  const auto found = probe.End();
  ASSERT_TRUE(found);
  EXPECT_NEAR(found->others_cpus.value(), 1.0, 1e-9);
}

TEST_P(LoadProbeTest, AServerThatHardlyUsesACpuIsNotDisturbed) {
  LoadProbe probe = Make();
  probe.Begin();
  proc_.Spend(kRunner, 50);
  proc_.Pass(1000, 2000);
  EXPECT_EQ(probe.End(), std::nullopt);
}

TEST_P(LoadProbeTest, ASystemThatCountsNothingHasAGapAndDisturbsNothing) {
  FakeProc nothing(GetParam());
  nothing.Remove("uptime");
  LoadProbe probe(kPort, kSelf, nothing.path());
  EXPECT_NE(probe.Gap(), "");
  probe.Begin();
  EXPECT_EQ(probe.End(), std::nullopt);
}

TEST_P(LoadProbeTest, AnUnseenServerIsToldOnceAndDisturbsNothing) {
  proc_.Remove("net");
  LoadProbe probe = Make();
  EXPECT_NE(probe.Gap().find("port 11434"), std::string::npos) << probe.Gap();
  probe.Begin();
  Run(900);
  EXPECT_EQ(probe.End(), std::nullopt);
}

TEST_P(LoadProbeTest, TheLoadOfAnIdleMachineIsThatOfAllButOurselves) {
  IdleLoad load(kSelf, proc_.path());
  EXPECT_EQ(load.OthersCpus(), std::nullopt);
  proc_.Spend(kSelf, 40);
  proc_.Pass(200, 240);
  EXPECT_NEAR(load.OthersCpus().value(), 1.0, 1e-9);
  EXPECT_EQ(load.cpus(), 2);
  proc_.Pass(200, 0);
  EXPECT_NEAR(load.OthersCpus().value(), 0.0, 1e-9);
}

TEST(RealProcTest, OurOwnTreeIsFoundAndItsTimeGrows) {
  const auto stat = ReadProcessStat("/proc", getpid());
  if (!stat) GTEST_SKIP() << "no /proc here";
  const ProcessTree before = ReadProcessTree("/proc", stat->id);
  const auto clocks = ReadMachineClocks("/proc");
  ASSERT_TRUE(clocks);
  volatile double sink = 0;
  ProcessTree after = before;
  while (after.at(getpid()).own.Total() < before.at(getpid()).own.Total() + 5) {
    for (int i = 0; i < 1'000'000; ++i) sink = sink + i;
    after = ReadProcessTree("/proc", stat->id, before);
  }
  EXPECT_GE(UsedBetween(before, after, clocks->uptime).value().Total(), 5);
}

}  // namespace
}  // namespace ollama_bench
