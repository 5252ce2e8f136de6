// The server fails in mid-sweep, in the ways that servers have.
#include <csignal>

#include "program/run/run_fixture.h"

namespace ollama_bench::testing {
namespace {

class ServerFailureTest : public RunFixture {
 protected:
  [[nodiscard]] int FailedCells() const {
    int failed = 0;
    const Json store = Store();
    for (const Json& entry : store["results"]) failed += entry.contains("failure") ? 1 : 0;
    return failed;
  }
  // In the second cell's first run.
  static Json InMidSweep(const Json& action) {
    return Json::array({Rule("run", {{"num_ctx", 1024}, {"num_batch", 128}, {"nth", 1}}, action)});
  }
};

TEST_F(ServerFailureTest, IsWaitedForWhileItRefusesBecauseItIsBusy) {
  Play(
      InMidSweep({{"error", "server busy, please try again.  maximum pending requests exceeded"}}));
  const Ended ended = RunProgram(Sweep({"--limit", "3"}));
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_NE(ended.err.find("waiting for the server"), std::string::npos) << ended.err;
  EXPECT_EQ(FailedCells(), 0);
  EXPECT_EQ(CountedSamples().size(), 3U);
}

TEST_F(ServerFailureTest, WithoutDiskSpaceForACreateStopsTheSweepAndBlamesNoCell) {
  Play(Json::array(
      {Rule("create", {{"num_ctx", 2048}},
            {{"error", "write /var/lib/ollama/blobs/sha256-1: no space left on device"}})}));
  const auto before = Models();
  const Ended ended = RunProgram(Sweep());
  EXPECT_EQ(ended.exit_code, 3);
  EXPECT_NE(ended.err.find("no space left on device"), std::string::npos) << ended.err;
  EXPECT_EQ(FailedCells(), 0);
  EXPECT_EQ(CountedSamples().size(), 3U);
  EXPECT_EQ(Models(), before);
  Play(Json::array());
  EXPECT_EQ(RunProgram(Sweep()).exit_code, 0);
  ExpectFullSweep();
}

TEST_F(ServerFailureTest, AModelThatWasRemovedInMidSweepStopsItAndBlamesNoCell) {
  Play(InMidSweep({{"sleep_ms", 300}}));
  RunningProgram program(Sweep());
  ASSERT_TRUE(program.WaitForOutput("[1/9]"));
  EXPECT_EQ(server_.Run({"rm", "smollm2"}).exit_code, 0);
  const Ended ended = program.Wait();
  EXPECT_EQ(ended.exit_code, 3) << ended.err;
  EXPECT_NE(ended.err.find("pull model manifest"), std::string::npos) << ended.err;
  EXPECT_EQ(FailedCells(), 0);
  EXPECT_GE(CountedSamples().size(), 1U);
  EXPECT_TRUE(Models().empty()) << "the temporary model is gone, too";
}

TEST_F(ServerFailureTest, AnotherVersionAfterARestartStopsTheSweepAndSaysSo) {
  Play(InMidSweep({{"kill_server", true}}));
  RunningProgram program(Sweep());
  ASSERT_TRUE(program.WaitForOutput("waiting for the server"));
  Json newer = Script(Json::array());
  newer["version"] = "0.13.5";
  server_.SetScript(newer);
  server_.Start();
  const Ended ended = program.Wait();
  EXPECT_EQ(ended.exit_code, 3);
  EXPECT_NE(ended.err.find("came back as Ollama 0.13.5, the sweep was made with 0.11.4"),
            std::string::npos)
      << ended.err;
  EXPECT_EQ(CountedSamples().size(), 1U);
  EXPECT_EQ(Models().size(), 1U);
}

TEST_F(ServerFailureTest, AnswersThatMakeNoSenseAtTheStartAreReported) {
  for (const char* path : {"/api/version", "/api/tags"}) {
    for (const char* body : {"garbage", "truncated", "empty"}) {
      Play(Json::array({Rule("http", {{"path", path}}, {{"body", body}})}));
      const Ended ended = RunProgram(Sweep());
      EXPECT_EQ(ended.exit_code, 3) << path << ' ' << body;
      EXPECT_NE(ended.err.find("ollama-bench: "), std::string::npos) << ended.err;
      EXPECT_EQ(ended.err.find('\xff'), std::string::npos);
      EXPECT_EQ(CallsOf("create"), 0);
    }
  }
}

TEST_F(ServerFailureTest, AnswersThatMakeNoSenseInMidSweepCostOnlyWhatTheyWouldTell) {
  // The start asks once or twice what is in memory.
  Play(Json::array({Rule("http", {{"path", "/api/ps"}, {"after", 2}}, {{"body", "garbage"}})}));
  const Ended ended = RunProgram(Sweep());
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  ExpectFullSweep();
}

}  // namespace
}  // namespace ollama_bench::testing
