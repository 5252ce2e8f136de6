// The failures that the stand-in can play, each seen from outside.
#include <gtest/gtest.h>
#include <httplib.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <string>

#include "support/stand_in_server.h"
#include "support/transcripts.h"

namespace ollama_bench::testing {
namespace {

using Json = StandInServer::Json;

Json Rule(const Json& when, const Json& act) {
  return {{"rules", {{{"when", when}, {"do", act}}}}};
}

class BehaviourTest : public ::testing::Test {
 protected:
  BehaviourTest() {
    std::ofstream(server_.folder() / "Modelfile") << "FROM smollm2\nPARAMETER num_ctx 2048\n";
    EXPECT_EQ(server_.Run({"create", "cell"}).exit_code, 0);
  }
  void PlayRun(const Json& act) { server_.SetScript(Rule({{"command", "run"}}, act)); }
  Ended RunCell() { return server_.Run({"run", "cell", "--verbose"}, "a prompt"); }
  Program RunCellProgram() {
    return {{StandInServer::Ollama().string(), "run", "cell", "--verbose"},
            server_.Environment(),
            "a prompt",
            ""};
  }
  httplib::Result Generate(const std::string& body) {
    return httplib::Client("127.0.0.1", server_.port())
        .Post("/api/generate", body, "application/json");
  }

  StandInServer server_;
};

TEST_F(BehaviourTest, FailsOnlyTheCallThatTheRuleNames) {
  server_.SetScript(Rule({{"command", "run"}, {"num_ctx", 2048}, {"nth", 2}},
                         {{"error", "CUDA error: out of memory"}, {"exit", 3}}));
  EXPECT_EQ(RunCell().exit_code, 0);
  const Ended failed = RunCell();
  EXPECT_EQ(failed.exit_code, 3);
  EXPECT_TRUE(failed.err.ends_with("Error: CUDA error: out of memory\n"));
  EXPECT_EQ(RunCell().exit_code, 0);
}

TEST_F(BehaviourTest, ReplaysATranscriptByteForByte) {
  PlayRun({{"transcript", "v0.13.5/run_runner_killed"}, {"unload", true}});
  const Ended ended = RunCell();
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_EQ(ended.err, Transcript("v0.13.5/run_runner_killed.stderr"));
  EXPECT_TRUE(server_.Get("/api/ps")["models"].empty());
}

TEST_F(BehaviourTest, EndsWithoutMetrics) {
  PlayRun({{"no_metrics", true}});
  const Ended ended = RunCell();
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_EQ(ended.err.find("duration"), ended.err.npos);
  EXPECT_FALSE(ended.out.empty());
}

TEST_F(BehaviourTest, HangsUntilItIsKilledAndLeavesTheModelLoaded) {
  PlayRun({{"ignore_term", true}, {"flood", {{"stdout", 1}}}, {"hang", true}});
  RunningProgram program(RunCellProgram());
  ASSERT_TRUE(program.WaitForOutput("x"));
  program.Signal(SIGTERM);  // ignored: it is KILL that ends it
  program.Signal(SIGKILL);
  EXPECT_EQ(program.Wait().signal, SIGKILL);
  EXPECT_EQ(server_.Get("/api/ps")["models"].size(), 1U);
}

TEST_F(BehaviourTest, DiesOfTermWhileItHangs) {
  PlayRun({{"flood", {{"stdout", 1}}}, {"hang", true}});
  RunningProgram program(RunCellProgram());
  ASSERT_TRUE(program.WaitForOutput("x"));
  program.Signal(SIGTERM);
  EXPECT_EQ(program.Wait().signal, SIGTERM);
}

TEST_F(BehaviourTest, EndsQuietlyWhenInterruptedAsRecorded) {
  PlayRun({{"flood", {{"stdout", 1}}}, {"hang", true}});
  RunningProgram program(RunCellProgram());
  ASSERT_TRUE(program.WaitForOutput("x"));
  program.Signal(SIGINT);
  const Ended ended = program.Wait();
  EXPECT_EQ(ended.exit_code, std::stoi(Transcript("v0.11.4/run_interrupted.exit")));
  EXPECT_TRUE(Transcript("v0.11.4/run_interrupted.stderr").ends_with(ended.err));
  EXPECT_EQ(ended.out, "x");
}

TEST_F(BehaviourTest, FloodsWithAndWithoutLines) {
  PlayRun({{"flood", {{"stdout", 3'000'000}, {"stderr", 200'000}, {"line", 0}}}});
  const Ended whole = RunCell();
  EXPECT_EQ(whole.out.substr(0, 3'000'000), std::string(3'000'000, 'x'));
  EXPECT_EQ(whole.err.substr(0, 200'000), std::string(200'000, 'x'));
  PlayRun({{"flood", {{"stdout", 160}}}});
  EXPECT_EQ(RunCell().out.substr(0, 160),
            std::string(79, 'x') + "\n" + std::string(79, 'x') + "\n");
}

TEST_F(BehaviourTest, PrintsBytesThatAreNoText) {
  PlayRun({{"binary", true}});
  const Ended ended = RunCell();
  EXPECT_EQ(ended.out[0], '\0');
  EXPECT_NE(ended.err.find("\xff\xfe\xc3("), ended.err.npos);
  EXPECT_NE(ended.err.find("prompt eval rate"), ended.err.npos);
}

TEST_F(BehaviourTest, DiesOfASignal) {
  PlayRun({{"signal", SIGABRT}});
  EXPECT_EQ(RunCell().signal, SIGABRT);
}

TEST_F(BehaviourTest, LeavesAGrandchildThatHoldsThePipes) {
  const std::string pid_file = server_.folder() / "pid";
  PlayRun({{"grandchild", {{"seconds", 60}, {"pid_file", pid_file}}}, {"flood", {{"stdout", 1}}}});
  const Ended ended = RunCell();
  EXPECT_EQ(ended.exit_code, 0);
  pid_t grandchild = 0;
  while (grandchild == 0) std::ifstream(pid_file) >> grandchild;
  EXPECT_EQ(getsid(grandchild), grandchild);
  EXPECT_EQ(kill(grandchild, SIGKILL), 0);
}

TEST_F(BehaviourTest, KillsTheServerInMidRequestAndKeepsItsModels) {
  server_.SetScript(Rule({{"command", "run"}, {"nth", 1}}, {{"kill_server", true}}));
  EXPECT_EQ(RunCell().exit_code, 1);
  server_.Start();
  // The count outlived the server too: this is the second call.
  EXPECT_EQ(RunCell().exit_code, 0);
}

TEST_F(BehaviourTest, ExitsTheServerAfterAnAnswer) {
  PlayRun({{"exit_server", true}});
  EXPECT_EQ(RunCell().exit_code, 0);
  EXPECT_EQ(RunCell().err, Transcript("v0.11.4/run_server_down.stderr"));
}

TEST_F(BehaviourTest, ShowsTheShareOnTheGpu) {
  PlayRun({{"gpu_share", 0.5}});
  RunCell();
  EXPECT_NE(server_.Run({"ps"}).out.find("50%/50% CPU/GPU"), std::string::npos);
}

TEST_F(BehaviourTest, GeneratesOverHttpWithOptionsAndUnloads) {
  const auto result = Generate(R"({"model":"cell","prompt":"Why is the sky blue","stream":false,
      "options":{"num_ctx":1024,"num_batch":64,"num_predict":2}})");
  ASSERT_TRUE(result);
  const Json answer = Json::parse(result->body);
  const Json recorded = Json::parse(Transcript("v0.11.4/api_generate.json"));
  for (const auto& [key, value] : recorded.items()) EXPECT_TRUE(answer.contains(key)) << key;
  EXPECT_EQ(answer["prompt_eval_count"], recorded["prompt_eval_count"]);
  EXPECT_EQ(answer["context"].size(), recorded["context"].size());
  EXPECT_EQ(server_.Get("/api/ps")["models"][0]["context_length"], 1024);

  const auto missing = Generate(R"({"model":"nosuch","prompt":"a"})");
  EXPECT_EQ(missing->status, 404);
  EXPECT_EQ(missing->body, Transcript("v0.11.4/api_generate_missing.json"));

  EXPECT_EQ(Json::parse(Generate(R"({"model":"cell","keep_alive":0})")->body)["done_reason"],
            "unload");
  EXPECT_TRUE(server_.Get("/api/ps")["models"].empty());
}

TEST_F(BehaviourTest, StreamsAndCanLoseTheEnd) {
  const std::string body = R"({"model":"cell","prompt":"a b","options":{"num_predict":2}})";
  const std::string whole = Generate(body)->body;
  EXPECT_EQ(std::count(whole.begin(), whole.end(), '\n'), 3);
  EXPECT_NE(whole.find("\"done\":true"), whole.npos);
  server_.SetScript(Rule({{"path", "/api/generate"}}, {{"body", "no_end"}}));
  EXPECT_EQ(Generate(body)->body.find("\"done\":true"), std::string::npos);
  server_.SetScript(
      Rule({{"path", "/api/generate"}}, {{"http_status", 200}, {"error", "unexpected EOF"}}));
  EXPECT_NE(Generate(body)->body.find("{\"error\":\"unexpected EOF\"}\n"), std::string::npos);
  server_.SetScript(Rule({{"path", "/api/generate"}}, {{"body", "truncated"}}));
  EXPECT_FALSE(Generate(body));
}

TEST_F(BehaviourTest, SpoilsHttpAnswers) {
  httplib::Client client("127.0.0.1", server_.port());
  const auto play = [&](const Json& act) {
    server_.SetScript(Rule({{"command", "http"}, {"path", "/api/ps"}}, act));
    return client.Get("/api/ps");
  };
  const auto refused = play({{"http_status", 503}, {"error", "server busy"}});
  EXPECT_EQ(refused->status, 503);
  EXPECT_EQ(refused->body, R"({"error":"server busy"})");
  EXPECT_FALSE(Json::accept(play({{"body", "garbage"}})->body));
  EXPECT_EQ(play({{"body", "empty"}})->body, "");
  EXPECT_EQ(client.Get("/api/version")->status, 200);
  EXPECT_FALSE(play({{"kill_server", true}}));
}

TEST_F(BehaviourTest, RefusesAMisspeltScriptLoudly) {
  server_.SetScript({{"ruels", Json::array()}});
  EXPECT_NE(RunCell().exit_code, 0);
  EXPECT_THROW(server_.Start(), std::runtime_error);
}

TEST_F(BehaviourTest, NotesWhatItWasAsked) {
  RunCell();
  const Json calls = server_.Calls();
  ASSERT_EQ(calls.size(), 3U);
  EXPECT_EQ(calls[0]["command"], "serve");
  EXPECT_EQ(calls[1]["command"], "create");
  EXPECT_EQ(calls[2]["command"], "run");
  EXPECT_EQ(calls[2]["num_ctx"], 2048);
  EXPECT_EQ(calls[2]["prompt"], "a prompt");
  EXPECT_EQ(calls[2]["argv"], Json({"run", "cell", "--verbose"}));
}

}  // namespace
}  // namespace ollama_bench::testing
