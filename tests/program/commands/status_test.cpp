#include <csignal>

#include "program/run/run_fixture.h"

namespace ollama_bench::testing {
namespace {

using StatusProgramTest = RunFixture;

Json LastLine(const std::string& out) {
  const std::string body = out.substr(0, out.find_last_not_of('\n') + 1);
  return Json::parse(body.substr(body.rfind('\n') + 1), nullptr, false);
}

TEST_F(StatusProgramTest, TellsWhatIsDoneWhatFailedAndWhatIsLeft) {
  Play(Json::array({Rule("run", {{"num_ctx", 1024}, {"num_batch", 128}},
                         {{"error", "cudaMalloc failed: out of memory"}})}));
  RunProgram(Sweep({"--limit", "4"}));
  const Ended ended = RunProgram(Command({"status", "--json"}));
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  const Json status = Json::parse(ended.out, nullptr, false);
  EXPECT_EQ(status["cells"], 9);
  EXPECT_EQ(status["succeeded"], 3);
  EXPECT_EQ(status["failed"], 1);
  EXPECT_EQ(status["left"], 5);
  EXPECT_GT(status["mean_cell_s"], 0);
  EXPECT_EQ(status["run"], nullptr);
}

TEST_F(StatusProgramTest, NamesTheRunThatHoldsTheFileWithoutBeingInItsWay) {
  Play(Json::array({Rule("run", {{"num_ctx", 1024}, {"num_batch", 128}}, {{"hang", true}})}));
  RunningProgram sweep(Sweep());
  ASSERT_TRUE(sweep.WaitForOutput("[1/9]"));
  const Json status = Json::parse(RunProgram(Command({"status", "--json"})).out, nullptr, false);
  EXPECT_EQ(status["run"]["pid"], sweep.pid());
  EXPECT_EQ(status["succeeded"], 1);
}

TEST_F(StatusProgramTest, WatchGoesOnUntilTheSweepIsDone) {
  RunningProgram watch(Command({"status", "--watch", "--json", "--interval", "0.1"}));
  RunningProgram sweep(Sweep());
  EXPECT_EQ(sweep.Wait().exit_code, 0);
  const Ended ended = watch.Wait();
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(LastLine(ended.out)["left"], 0);
}

TEST_F(StatusProgramTest, WatchEndsWhereNoRunHoldsTheFileThoughCellsAreLeft) {
  RunProgram(Sweep({"--limit", "1"}));
  EXPECT_EQ(LastLine(RunProgram(Command({"status", "--watch", "--json"})).out)["left"], 8);
  RunProgram(Command({"tune", "smollm2", "--ctx", "1024,2048,3072", "--batch", "64,128,256",
                      "--prompt-tokens", "300", "--budget", "2", "-r", "tuned.json"}));
  const Ended tuned = RunProgram(Command({"status", "tuned.json", "--watch"}));
  EXPECT_EQ(tuned.exit_code, 0);
  EXPECT_FALSE(tuned.timed_out);
}

TEST_F(StatusProgramTest, WatchEndsOnASignalAsTheSignalWants) {
  Play(Json::array({Rule("run", {{"num_ctx", 1024}, {"num_batch", 128}}, {{"hang", true}})}));
  RunningProgram sweep(Sweep());
  ASSERT_TRUE(sweep.WaitForOutput("[1/9]"));
  RunningProgram watch(Command({"status", "--watch"}));
  ASSERT_TRUE(watch.WaitForOutput("8 left"));
  watch.Signal(SIGINT);
  EXPECT_EQ(watch.Wait().signal, SIGINT);
}

TEST_F(StatusProgramTest, AFileThatIsNotThereIsWrongUsageWithARemedy) {
  const Ended ended = RunProgram(Command({"status", "none.json"}));
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_NE(ended.err.find("none.json does not exist; "), std::string::npos) << ended.err;
}

TEST_F(StatusProgramTest, ADamagedFileIsRefused) {
  Write("cut.json", "{\"metadata\": {}, \"resu");
  EXPECT_EQ(RunProgram(Command({"status", "cut.json"})).exit_code, 4);
}

}  // namespace
}  // namespace ollama_bench::testing
