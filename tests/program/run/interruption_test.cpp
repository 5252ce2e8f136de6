#include <chrono>
#include <csignal>
#include <filesystem>
#include <set>

#include "program/run/run_fixture.h"

namespace ollama_bench::testing {
namespace {

class RunInterruptionTest : public RunFixture {
 protected:
  // The third cell hangs in its second counted run, so that there is a moment to interrupt.
  RunInterruptionTest()
      : RunFixture(Json::array(
            {Rule("run", {{"num_ctx", 1024}, {"num_batch", 256}, {"nth", 3}}, {{"hang", true}})})) {
  }

  // Starts a sweep and waits until its third cell hangs.
  void WaitForHang(RunningProgram& program) const {
    ASSERT_TRUE(program.WaitForOutput("[2/9]"));
    while (CallsOf("run") < 12) {
    }
  }
};

class RunSignalTest : public RunInterruptionTest, public ::testing::WithParamInterface<int> {};

TEST_P(RunSignalTest, SavesRemovesItsModelSaysHowToGoOnAndDiesOfTheSignal) {
  const auto before = Models();
  RunningProgram program(Sweep());
  WaitForHang(program);
  program.Signal(GetParam());
  const Ended ended = program.Wait();
  EXPECT_EQ(ended.signal, GetParam()) << ended.err;
  EXPECT_NE(ended.err.find("the same command resumes"), std::string::npos) << ended.err;
  EXPECT_EQ(Models(), before);
  EXPECT_EQ((CountedSamples()[{1024, 256}]), 1);
  EXPECT_FALSE(Store()["metadata"].contains("temporary_models"));

  const Ended again = RunProgram(Sweep());
  EXPECT_EQ(again.exit_code, 0) << again.err;
  ExpectFullSweep();
  EXPECT_EQ(Models(), before);
}

INSTANTIATE_TEST_SUITE_P(Signals, RunSignalTest, ::testing::Values(SIGINT, SIGTERM, SIGHUP));

TEST_F(RunInterruptionTest, ASecondSignalEndsItAtOnceAndTheNextStartTidiesUp) {
  const auto before = Models();
  Play(Json::array({Rule("run", {{"num_ctx", 1024}, {"num_batch", 256}, {"nth", 3}},
                         {{"hang", true}, {"ignore_term", true}})}));
  RunningProgram program(Sweep());
  WaitForHang(program);
  program.Signal(SIGINT);
  program.Signal(SIGINT);
  EXPECT_EQ(program.Wait().signal, SIGINT);
  Play(Json::array());
  EXPECT_EQ(RunProgram(Sweep()).exit_code, 0);
  ExpectFullSweep();
  EXPECT_EQ(Models(), before);
}

TEST_F(RunInterruptionTest, AnIgnoredHangupStaysIgnored) {
  Program program = Sweep();
  program.argv.insert(program.argv.begin(), {"nohup"});
  RunningProgram running(program);
  WaitForHang(running);
  running.Signal(SIGHUP);
  running.Signal(SIGTERM);
  EXPECT_EQ(running.Wait().signal, SIGTERM);
}

TEST_F(RunInterruptionTest, AKilledRunIsResumedWithNothingLostDoubledOrLeft) {
  const auto before = Models();
  RunningProgram program(Sweep());
  WaitForHang(program);
  program.Signal(SIGKILL);
  program.Wait();
  EXPECT_EQ((CountedSamples()[{1024, 256}]), 1);
  EXPECT_EQ(Models().size(), before.size() + 1) << "the temporary model is still there";
  EXPECT_EQ(RunProgram(Sweep()).exit_code, 0);
  ExpectFullSweep();
  EXPECT_EQ(Models(), before);
}

TEST_F(RunInterruptionTest, AStartRemovesTheScratchFoldersOfKilledRuns) {
  namespace fs = std::filesystem;
  const fs::path temporary = server_.folder() / "tmp";
  const fs::path foreign = temporary / "ollama-bench-notes";
  fs::create_directory(foreign);
  const auto folders = [&temporary] {
    return std::set<fs::path>(fs::directory_iterator(temporary), fs::directory_iterator());
  };
  RunningProgram program(Sweep());
  WaitForHang(program);
  program.Signal(SIGKILL);
  program.Wait();
  ASSERT_EQ(folders().size(), 2U);
  // What has just been made may not be locked yet, so the young ones stay.
  for (const fs::path& folder : folders()) {
    fs::last_write_time(folder, fs::file_time_type::clock::now() - std::chrono::hours(1));
  }
  EXPECT_EQ(RunProgram(Sweep()).exit_code, 0);
  EXPECT_EQ(folders(), std::set{foreign});
}

TEST_F(RunInterruptionTest, WhereNobodyReadsItsOutputAnyMoreItStopsCleanly) {
  Play(Json::array());
  const auto before = Models();
  for (const char* pipeline : {"\"$@\" --json | head -n 2 >/dev/null; exit ${PIPESTATUS[0]}",
                               "\"$@\" 2>&1 | head -n 12 >/dev/null; exit ${PIPESTATUS[0]}"}) {
    Program program = Sweep();
    program.argv.insert(program.argv.begin(), {"/bin/bash", "-c", pipeline, "bash"});
    EXPECT_EQ(RunProgram(program).exit_code, 128 + SIGPIPE);
    EXPECT_LT(CountedSamples().size(), 9U) << "it went on to the end";
    EXPECT_EQ(Models(), before);
  }
  EXPECT_EQ(RunProgram(Sweep()).exit_code, 0);
  ExpectFullSweep();
}

TEST_F(RunInterruptionTest, ASecondStartIsToldWhoHoldsTheStoreAndTheServer) {
  RunningProgram program(Sweep());
  WaitForHang(program);
  const Ended same_store = RunProgram(Sweep());
  EXPECT_EQ(same_store.exit_code, 4);
  EXPECT_NE(same_store.err.find(std::to_string(program.pid())), std::string::npos)
      << same_store.err;
  const Ended same_server = RunProgram(Sweep({"--results", "other.json"}));
  EXPECT_EQ(same_server.exit_code, 4);
  EXPECT_NE(same_server.err.find(std::to_string(program.pid())), std::string::npos)
      << same_server.err;
  program.Signal(SIGINT);
  EXPECT_EQ(program.Wait().signal, SIGINT);
}

}  // namespace
}  // namespace ollama_bench::testing
