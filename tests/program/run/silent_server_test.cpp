// A server that accepts a request and never answers it, at each kind of request; then Ctrl+C. What
// came after, and whether anything did, stands in the server's journal.
#include <csignal>

#include "program/run/run_fixture.h"

namespace ollama_bench::testing {
namespace {

/// A request that the server leaves unanswered. `after` so many that it does answer.
struct Silence {
  const char* name;
  const char* driver;
  const char* path;
  int after;
};

void PrintTo(const Silence& silence, std::ostream* out) {
  *out << silence.name;
}

class SilentServerTest : public RunFixture {
 protected:
  static Json Silent(const std::string& path, int after) {
    return Rule("http", {{"path", path}, {"after", after}}, {{"hang", true}});
  }
  [[nodiscard]] Json Requests(const std::string& path) const {
    Json requests = Json::array();
    for (const Json& call : server_.Calls()) {
      if (call.value("path", "") == path) requests.push_back(call);
    }
    return requests;
  }
  void WaitForRequests(const std::string& path, std::size_t count) const {
    while (Requests(path).size() < count) {
    }
  }
  // The next start, at a server that answers again, finishes the sweep and leaves nothing behind.
  void ExpectNextStartTidiesUp(const std::map<std::string, std::string>& models) const {
    Play(Json::array());
    const Ended again = RunProgram(Sweep());
    EXPECT_EQ(again.exit_code, 0) << again.err;
    ExpectFullSweep();
    EXPECT_EQ(Models(), models);
  }
};

class SilentRequestTest : public SilentServerTest, public ::testing::WithParamInterface<Silence> {};

TEST_P(SilentRequestTest, EndsAtTheFirstInterruptAndAsksNothingMore) {
  const Silence& silence = GetParam();
  Play(Json::array({Silent(silence.path, silence.after)}));
  RunningProgram program(Sweep({"--driver", silence.driver}));
  WaitForRequests(silence.path, silence.after + 1U);
  const std::size_t asked = server_.Calls().size();
  program.Signal(SIGINT);
  const Ended ended = program.Wait();
  EXPECT_EQ(ended.signal, SIGINT) << ended.err;
  EXPECT_EQ(server_.Calls().size(), asked) << server_.Calls().back();
}

INSTANTIATE_TEST_SUITE_P(
    Requests, SilentRequestTest,
    ::testing::Values(Silence{"version", "api", "/api/version", 0},
                      Silence{"version_of_the_cli_driver", "cli", "/api/version", 0},
                      Silence{"tags", "cli", "/api/tags", 0},
                      Silence{"show", "api", "/api/show", 0},
                      Silence{"ps_at_the_start", "cli", "/api/ps", 0},
                      Silence{"ps_in_mid_sweep", "cli", "/api/ps", 5},
                      Silence{"ps_in_mid_sweep_of_the_api_driver", "api", "/api/ps", 5}),
    [](const auto& test) { return std::string(test.param.name); });

TEST_F(SilentServerTest, ACreateWithoutEndIsEndedAndTheRestTidiedUp) {
  const auto before = Models();
  Play(Json::array({Rule("create", {{"nth", 2}}, {{"hang", true}})}));
  RunningProgram program(Sweep());
  while (CallsOf("create") < 2) {
  }
  program.Signal(SIGINT);
  const Ended ended = program.Wait();
  EXPECT_EQ(ended.signal, SIGINT) << ended.err;
  EXPECT_EQ(Models(), before);
  EXPECT_EQ(ended.err.find("ollama rm"), std::string::npos) << ended.err;
  ExpectNextStartTidiesUp(before);
}

TEST_F(SilentServerTest, AGenerateWithoutEndIsCutAndTheModelTakenOutOfMemory) {
  Play(Json::array({Rule("http", {{"path", "/api/generate"}, {"nth", 5}}, {{"hang", true}})}));
  RunningProgram program(Sweep({"--driver", "api"}));
  WaitForRequests("/api/generate", 5);
  program.Signal(SIGINT);
  const Ended ended = program.Wait();
  EXPECT_EQ(ended.signal, SIGINT) << ended.err;
  EXPECT_TRUE(server_.Get("/api/ps")["models"].empty());
  EXPECT_EQ(ended.err.find("ollama stop"), std::string::npos) << ended.err;
}

TEST_F(SilentServerTest, AnUnloadWithoutAnswerIsToldWithTheCommandThatHelps) {
  Play(Json::array({Silent("/api/generate", 4)}));
  RunningProgram program(Sweep({"--driver", "api"}));
  WaitForRequests("/api/generate", 5);
  program.Signal(SIGINT);
  const Ended ended = program.Wait();
  EXPECT_EQ(ended.signal, SIGINT) << ended.err;
  EXPECT_NE(ended.err.find("ollama stop smollm2"), std::string::npos) << ended.err;
  EXPECT_EQ(Requests("/api/generate").size(), 6U) << "the run and one wish to unload";
  EXPECT_EQ(server_.Calls().back()["path"], "/api/generate");
}

TEST_F(SilentServerTest, ADeleteWithoutAnswerIsToldAndTheNextStartMakesUpForIt) {
  const auto before = Models();
  Play(Json::array(
      {Rule("run", {{"num_ctx", 1024}, {"num_batch", 256}, {"nth", 3}}, {{"hang", true}}),
       Silent("/api/delete", 0)}));
  RunningProgram program(Sweep());
  ASSERT_TRUE(program.WaitForOutput("[2/9]"));
  while (CallsOf("run") < 12) {
  }
  program.Signal(SIGINT);
  const Ended ended = program.Wait();
  EXPECT_EQ(ended.signal, SIGINT) << ended.err;
  EXPECT_EQ(server_.Calls().back()["path"], "/api/delete");
  EXPECT_NE(ended.err.find("ollama rm ollama-bench-"), std::string::npos) << ended.err;
  ASSERT_TRUE(Store()["metadata"].contains("temporary_models"));
  ExpectNextStartTidiesUp(before);
}

TEST_F(SilentServerTest, AServerThatIsStoppedAltogetherHoldsNoOneUp) {
  const auto before = Models();
  Play(Json::array(
      {Rule("run", {{"num_ctx", 1024}, {"num_batch", 256}, {"nth", 3}}, {{"hang", true}})}));
  RunningProgram program(Sweep());
  ASSERT_TRUE(program.WaitForOutput("[2/9]"));
  while (CallsOf("run") < 12) {
  }
  const std::size_t asked = server_.Calls().size();
  kill(server_.pid(), SIGSTOP);
  program.Signal(SIGINT);
  const Ended ended = program.Wait();
  kill(server_.pid(), SIGCONT);
  EXPECT_EQ(ended.signal, SIGINT) << ended.err;
  EXPECT_LE(server_.Calls().size(), asked + 1);
  EXPECT_NE(ended.err.find("ollama rm ollama-bench-"), std::string::npos) << ended.err;
  ExpectNextStartTidiesUp(before);
}

}  // namespace
}  // namespace ollama_bench::testing
