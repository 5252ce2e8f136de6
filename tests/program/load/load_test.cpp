// `ollama-bench load` against a simulated server of known law.
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/run_program.h"
#include "support/simulated_ollama.h"

namespace ollama_bench::testing {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

/// A server with two slots that is quick enough to be asked some hundreds of times.
class LoadTest : public ::testing::Test {
 protected:
  static Json Law(int slots) {
    return {{"slots", slots},
            {"step_s", 0.002},
            {"prefill_s", {{"a", 0.004}, {"b", 0.0}}},
            {"jitter", 0.02}};
  }
  static Program Load(const SimulatedOllama& server, const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {
        "load", "--model",   "simulated", "--num-predict",   "8",  "--requests",
        "12",   "--results", "load.json", "--prompt-tokens", "32", "--ignore-disturbance"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    Program program;
    program.argv = {OLLAMA_BENCH_PROGRAM};
    const auto kept = WithoutReplaced(arguments);
    program.argv.insert(program.argv.end(), kept.begin(), kept.end());
    program.environment = server.Environment();
    program.folder = server.folder();
    return program;
  }
  static Json AnswerOf(const Ended& ended) {
    Json answer;
    std::size_t begin = 0;
    while (begin < ended.out.size()) {
      const std::size_t end = ended.out.find('\n', begin);
      const Json line = Json::parse(ended.out.substr(begin, end - begin), nullptr, false);
      if (line.is_object() && line.value("event", "") == "answer") answer = line;
      begin = end == std::string::npos ? ended.out.size() : end + 1;
    }
    EXPECT_TRUE(answer.is_object()) << ended.out << ended.err;
    return answer;
  }
  static Json Store(const SimulatedOllama& server) {
    std::ifstream in(server.folder() / "load.json");
    return Json::parse(in);
  }
  // Windows of each concurrency that count.
  static std::map<int, int> Windows(const SimulatedOllama& server) {
    std::map<int, int> windows;
    const Json store = Store(server);
    for (const Json& cell : store.at("results")) {
      for (const Json& sample : cell.at("samples")) {
        if (!sample.contains("window") || !sample.at("excluded").is_null()) continue;
        ++windows[cell.at("concurrency").get<int>()];
      }
    }
    return windows;
  }
  // The lines of all files beside the results.
  static std::vector<Json> Requests(const SimulatedOllama& server) {
    std::vector<Json> requests;
    for (const auto& file : fs::directory_iterator(server.folder() / "load.d")) {
      std::ifstream in(file.path());
      std::string line;
      while (std::getline(in, line)) requests.push_back(Json::parse(line));
    }
    return requests;
  }
};

TEST_F(LoadTest, MeasuresEachLevelTwiceAndFindsWhatTheSlotsCarry) {
  const SimulatedOllama server(Law(2));
  const Ended ended = RunProgram(Load(server, {"--concurrency", "1,2,4", "--json"}));
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const Json answer = AnswerOf(ended);
  ASSERT_EQ(answer["levels"].size(), 3U);
  for (const Json& level : answer["levels"]) {
    EXPECT_EQ(level["windows"], 2);
    EXPECT_EQ(level["errors"], 0);
    EXPECT_GE(level["requests"], 24);
    EXPECT_EQ(level["num_predict"], 8);
    EXPECT_EQ(level["mean_output_tokens"], 8);
    EXPECT_TRUE(level["ttft_s"]["p50"].is_number());
    EXPECT_TRUE(level["ttft_s"]["p99"].is_null()) << "24 requests cannot bound it";
  }
  // The wait at twice as many users as slots is a whole answer; without a queue it is none.
  EXPECT_LT(answer["levels"][1]["queue_wait_s"]["p50"], 0.004);
  EXPECT_GT(answer["levels"][2]["queue_wait_s"]["p50"], 0.010);
  EXPECT_EQ(answer["knee"]["low"], answer["knee"]["concurrency"]);
  EXPECT_EQ(Windows(server), (std::map<int, int>{{1, 2}, {2, 2}, {4, 2}}));
}

TEST_F(LoadTest, WritesDownEveryRequestThatTheServerAnswered) {
  const SimulatedOllama server(Law(2));
  ASSERT_EQ(RunProgram(Load(server, {"--concurrency", "2"})).exit_code, 0);
  const std::vector<Json> requests = Requests(server);
  std::size_t measured = 0;
  for (const Json& request : requests) {
    EXPECT_EQ(request["end"], "done");
    EXPECT_EQ(request["chunks_ms"].size(), request["output_tokens"].get<std::size_t>());
    measured += request["part"] == "measured" ? 1 : 0;
  }
  EXPECT_GE(measured, 24U);
  // Each window's load of the model, and its prompt's length, took requests of their own.
  EXPECT_GE(server.Truth().size(), requests.size());
}

TEST_F(LoadTest, ResumesWithTheWindowsThatAreMissing) {
  const SimulatedOllama server(Law(2));
  ASSERT_EQ(RunProgram(Load(server, {"--concurrency", "1,2"})).exit_code, 0);
  const std::size_t asked = server.Truth().size();
  const Ended again = RunProgram(Load(server, {"--concurrency", "1,2"}));
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(server.Truth().size(), asked) << "nothing was left to measure";
  ASSERT_EQ(RunProgram(Load(server, {"--concurrency", "1,2,4"})).exit_code, 0);
  EXPECT_EQ(Windows(server), (std::map<int, int>{{1, 2}, {2, 2}, {4, 2}}));
}

TEST_F(LoadTest, CtrlCKeepsFinishedWindowsMarksTheCutOneAndResumes) {
  Json law = Law(2);
  law["step_s"] = 0.01;
  const SimulatedOllama server(law);
  const std::vector<std::string> flags = {"--concurrency", "1,2", "--requests", "30"};
  RunningProgram program(Load(server, flags));
  ASSERT_TRUE(program.WaitForOutput("[1/4]"));
  // The next window is under way once the server has answered some of its requests.
  const std::size_t before = server.Truth().size();
  [[maybe_unused]] const auto more = server.AwaitTruth(before + 12);
  program.Signal(SIGINT);
  const Ended ended = program.Wait();
  EXPECT_EQ(ended.signal, SIGINT);
  int cut = 0;
  const Json store = Store(server);
  for (const Json& cell : store.at("results")) {
    for (const Json& sample : cell.at("samples")) {
      if (sample.value("excluded", Json()) == "cut_short") {
        ++cut;
        EXPECT_EQ(sample["window"]["is_cut"], true);
      }
    }
  }
  EXPECT_EQ(cut, 1) << ended.err;
  ASSERT_EQ(RunProgram(Load(server, flags)).exit_code, 0);
  EXPECT_EQ(Windows(server), (std::map<int, int>{{1, 2}, {2, 2}}));
}

TEST_F(LoadTest, AFullQueueIsAFailureOfRequestsAndNotOfTheLevel) {
  Json law = Law(1);
  law["queue_limit"] = 1;
  const SimulatedOllama server(law);
  const Ended ended =
      RunProgram(Load(server, {"--rate", "200", "--arrival", "constant", "--repetitions", "1",
                               "--requests", "40", "--json"}));
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const Json level = AnswerOf(ended)["levels"][0];
  EXPECT_EQ(level["rate"], 200);
  EXPECT_GT(level["failures"]["refused"], 0);
  EXPECT_LT(level["failures"]["refused"], level["requests"]);
}

TEST_F(LoadTest, AnswersWithoutTheirLastLineAreNoSuccesses) {
  Json law = Law(4);
  law["faults"] = Json::array({{{"kind", "no_done"}, {"every", 4}, {"after_tokens", 3}},
                               {{"kind", "error"}, {"every", 5}, {"after_tokens", 2}}});
  const SimulatedOllama server(law);
  const Ended ended = RunProgram(
      Load(server, {"--concurrency", "4", "--repetitions", "1", "--requests", "60", "--json"}));
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const Json level = AnswerOf(ended)["levels"][0];
  EXPECT_GT(level["failures"]["unfinished"], 0);
  EXPECT_GT(level["failures"]["error_line"], 0);
  EXPECT_EQ(level["errors"], level["failures"]["unfinished"].get<int>() +
                                 level["failures"]["error_line"].get<int>());
}

TEST_F(LoadTest, SaysWhichRateMeetsAnObjective) {
  const SimulatedOllama server(Law(2));
  const Ended ended = RunProgram(
      Load(server, {"--rate", "10,60", "--slo", "e2e_p50=2s", "--repetitions", "1", "--json"}));
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const Json answer = AnswerOf(ended);
  EXPECT_EQ(answer["capacity"]["level"], 60);
  EXPECT_TRUE(answer["capacity"]["next"].is_null());
  EXPECT_TRUE(answer["knee"].is_null());
}

TEST_F(LoadTest, PrintsTheAveragesOfEachOutputLength) {
  const SimulatedOllama server(Law(2));
  const Ended ended = RunProgram(
      Load(server, {"--concurrency", "1,2", "--num-predict", "4,8", "--repetitions", "1"}));
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_NE(ended.out.find("output length"), std::string::npos) << ended.out;
  EXPECT_NE(ended.out.find("tokens/s per request"), std::string::npos) << ended.out;
}

TEST_F(LoadTest, RefusesTheCommandLineDriverAndLevelsOfBothKinds) {
  const SimulatedOllama server;
  const Ended cli = RunProgram(Load(server, {"--driver", "cli"}));
  EXPECT_EQ(cli.exit_code, 2);
  EXPECT_NE(cli.err.find("--driver api"), std::string::npos) << cli.err;
  const Ended both = RunProgram(Load(server, {"--rate", "1", "--concurrency", "2"}));
  EXPECT_EQ(both.exit_code, 2);
  EXPECT_TRUE(server.Truth().empty());
}

TEST_F(LoadTest, RunWithTheWorkloadLoadIsTheSame) {
  const SimulatedOllama server(Law(2));
  Program program = Load(server, {"--concurrency", "2", "--workload", "load", "--json"});
  program.argv.at(1) = "run";
  const Ended ended = RunProgram(program);
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(AnswerOf(ended)["levels"].size(), 1U);
}

}  // namespace
}  // namespace ollama_bench::testing
