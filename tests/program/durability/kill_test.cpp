// Killed without warning, at random moments and at every system call that concerns the store.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "program/durability/durability_fixture.h"

namespace ollama_bench::testing {
namespace {

class KillLongTest : public DurabilityFixture {};

/// Arguments that add an axis, and with it another schema of the results file.
using Axes = std::vector<std::string>;

std::string NameOfSchema(const ::testing::TestParamInfo<Axes>& axes) {
  return axes.param.empty() ? "Schema1" : "Schema2";
}

Axes With(Axes sweep, const Axes& axes) {
  sweep.insert(sweep.end(), axes.begin(), axes.end());
  return sweep;
}

class DefaultPathKillLongTest : public DurabilityFixture,
                                public ::testing::WithParamInterface<Axes> {};

INSTANTIATE_TEST_SUITE_P(Of, DefaultPathKillLongTest,
                         ::testing::Values(Axes(), Axes{"--num-thread", "1,2"}), NameOfSchema);

TEST_F(KillLongTest, AtRandomMomentsNothingReportedIsLostAndAtMostTheSampleInFlightIs) {
  const Share share = TakeShare(12, 1000);
  std::mt19937 random(share.seed);
  const auto models = Models();
  const int most_ms = TimeWholeSweep(SmallSweep({"--json"}));
  int kills = 0;
  int sweeps = 0;
  int runs_before = CallsOf("run");
  while (kills < share.count) {
    RunningProgram program(SmallSweep({"--json"}));
    WaitForRandomMoment(random, most_ms);
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

TEST_P(DefaultPathKillLongTest, EverySampleKeepsItsVisitAndEveryVisitALoadOfItsOwn) {
  const Share share = TakeShare(8, 300);
  std::mt19937 random(share.seed);
  const auto models = Models();
  const Program sweep = Command(With({"run", "--model", "smollm2", "--ctx", "1024,2048", "--batch",
                                      "64,128", "--prompt", "Why is the sky blue?", "--json"},
                                     GetParam()));
  const int most_ms = TimeWholeSweep(sweep);
  int kills = 0;
  int sweeps = 0;
  while (kills < share.count) {
    RunningProgram program(sweep);
    WaitForRandomMoment(random, most_ms);
    program.Signal(SIGKILL);
    const Ended ended = program.Wait();
    ExpectSaved(ReportedSamples(ended.out));
    ExpectVisitsWhole();
    if (ended.signal == SIGKILL) {
      ++kills;
    } else {
      ASSERT_EQ(ended.exit_code, 0) << ended.err;
      ++sweeps;
      EXPECT_EQ(Models(), models);
      ForgetResults();
    }
    ASSERT_FALSE(HasFailure()) << "kill " << kills << " seed " << share.seed;
  }
  const Ended ended = RunProgram(sweep);
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  ExpectVisitsWhole();
  EXPECT_EQ(Models(), models);
  std::cout << kills << " kills, " << sweeps << " sweeps finished in between\n";
}

// One system call of a traced run: the n-th of its name that concerns the store.
struct SystemCall {
  std::string name;
  int nth = 0;
};

class SystemCallLongTest : public DurabilityFixture, public ::testing::WithParamInterface<Axes> {
 protected:
  // One cell of one repetition: every step of a store's life, few calls.
  [[nodiscard]] std::vector<std::string> OneCell() const {
    return Command(With({"run", "--model", "smollm2", "--ctx", "1024", "--batch", "64",
                         "--repetitions", "1", "--prompt", "Why?", "--confirm", "0",
                         "--no-baseline", "--results", Path("benchmark_results.json")},
                        GetParam()))
        .argv;
  }
  [[nodiscard]] std::string Path(const std::string& name) const {
    return (server_.folder() / name).string();
  }
  // The sweep under strace, which sees only what concerns the store, its lock and its folder.
  [[nodiscard]] Program Traced(std::vector<std::string> more) const {
    Program program = Command({});
    program.argv = {"strace", "-o", Path("trace")};
    for (const char* name : {"benchmark_results.json", "benchmark_results.json.lock",
                             ".benchmark_results.json.ollama-bench-tmp", "."}) {
      program.argv.insert(
          program.argv.end(),
          {"-P", std::string(name) == "." ? server_.folder().string() : Path(name)});
    }
    program.argv.insert(program.argv.end(), more.begin(), more.end());
    const auto sweep = OneCell();
    program.argv.insert(program.argv.end(), sweep.begin(), sweep.end());
    // A sanitizer's search for leaks cannot work under ptrace, and fails the program for it.
    program.environment.emplace_back("ASAN_OPTIONS", "detect_leaks=0");
    return program;
  }
  [[nodiscard]] std::vector<SystemCall> Calls() const {
    std::vector<SystemCall> calls;
    std::map<std::string, int> counts;
    std::ifstream trace(Path("trace"));
    for (std::string line; std::getline(trace, line);) {
      const auto bracket = line.find('(');
      if (bracket == std::string::npos || line.starts_with("---")) continue;
      const std::string name = line.substr(0, bracket);
      calls.push_back({name, ++counts[name]});
    }
    return calls;
  }
};

INSTANTIATE_TEST_SUITE_P(Of, SystemCallLongTest,
                         ::testing::Values(Axes(), Axes{"--num-thread", "2"}), NameOfSchema);

TEST_P(SystemCallLongTest, KilledAtAnyStoreCallTheNextStartGoesOn) {
  try {
    if (RunProgram({{"strace", "-o", "/dev/null", "true"}, {}, {}, {}}).exit_code != 0) {
      GTEST_SKIP() << "strace is not allowed to trace here";
    }
  } catch (const std::system_error&) {
    GTEST_SKIP() << "needs strace";
  }
  const auto models = Models();
  ASSERT_EQ(RunProgram(Traced({})).exit_code, 0);
  const auto calls = Calls();
  ASSERT_GT(calls.size(), 40U);
  Program resume = Command({});
  resume.argv = OneCell();
  const std::size_t step = FullCountsWanted() ? 1 : 8;
  int kills = 0;
  for (std::size_t i = 0; i < calls.size(); i += step) {
    SCOPED_TRACE(calls[i].name + " number " + std::to_string(calls[i].nth));
    ForgetResults();
    const Ended killed = RunProgram(Traced(
        {"-e", "inject=" + calls[i].name + ":signal=KILL:when=" + std::to_string(calls[i].nth)}));
    ASSERT_EQ(killed.signal, SIGKILL) << killed.err;
    ++kills;
    const auto saved = SavedSamples();
    const Ended resumed = RunProgram(resume);
    ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
    ExpectSaved(saved);
    EXPECT_EQ(CountedSamples(), (std::map<std::pair<int, int>, int>{{{1024, 64}, 1}}));
    EXPECT_EQ(Models(), models);
    EXPECT_FALSE(std::filesystem::exists(Path(".benchmark_results.json.ollama-bench-tmp")));
    ASSERT_FALSE(HasFailure());
  }
  std::cout << kills << " of " << calls.size() << " store calls\n";
}

}  // namespace
}  // namespace ollama_bench::testing
