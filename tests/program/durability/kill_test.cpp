// Killed without warning, at random moments and at every system call that concerns the store.
#include <csignal>
#include <filesystem>

#include "program/durability/durability_fixture.h"

namespace ollama_bench::testing {
namespace {

class KillLongTest : public DurabilityFixture {};

TEST_F(KillLongTest, AtRandomMomentsNothingReportedIsLostAndAtMostTheSampleInFlightIs) {
  const Share share = TakeShare(12, 1000);
  std::mt19937 random(share.seed);
  const auto models = Models();
  int kills = 0;
  int sweeps = 0;
  int runs_before = 0;
  while (kills < share.count) {
    RunningProgram program(SmallSweep({"--json"}));
    WaitForRandomMoment(random);
    program.Signal(SIGKILL);
    const Ended ended = program.Wait();
    const auto reported = ReportedSamples(ended.out);
    ExpectSaved(reported);
    if (ended.signal == SIGKILL) {
      ++kills;
      // Each start can lose its sample in flight, and the warm-up that is saved with it.
      const int runs = CallsOf("run");
      EXPECT_LE(runs - runs_before, static_cast<int>(reported.size()) * 2 + 2);
      runs_before = runs;
    } else {
      ASSERT_EQ(ended.exit_code, 0) << ended.err;
      ++sweeps;
      ExpectSmallSweepWhole();
      EXPECT_EQ(Models(), models);
      ForgetResults();
      runs_before = CallsOf("run");
    }
    ASSERT_FALSE(HasFailure()) << "kill " << kills << " seed " << share.seed;
  }
  ResumeAndExpectWhole(models);
  std::cout << kills << " kills, " << sweeps << " sweeps finished in between\n";
}

}  // namespace
}  // namespace ollama_bench::testing
