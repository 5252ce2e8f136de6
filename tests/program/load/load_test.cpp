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
    return BenchCommand(WithoutReplaced(arguments), server.folder(), server.Environment());
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
  // Those of all windows, as they are beside the results.
  static std::vector<Json> Requests(const SimulatedOllama& server) {
    std::vector<Json> requests;
    for (const auto& file : fs::directory_iterator(server.folder() / "load.d")) {
      if (file.path().string().ends_with(".telemetry.jsonl")) continue;
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

/// Another command on the results of a load.
class LoadResultsTest : public LoadTest {
 protected:
  static Ended Run(const SimulatedOllama& server, const std::vector<std::string>& arguments) {
    return RunProgram(BenchCommand(arguments, server.folder(), server.Environment()));
  }
  static std::string ReadFile(const SimulatedOllama& server, const std::string& name) {
    std::ifstream in(server.folder() / name);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static bool Has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }
};

TEST_F(LoadResultsTest, PlotDrawsLevelsDistributionsAndAWindow) {
  const SimulatedOllama server(Law(2));
  ASSERT_EQ(RunProgram(Load(server, {"--concurrency", "1,2", "--num-predict", "4,8"})).exit_code,
            0);
  const Ended page = Run(server, {"plot", "load.json", "-o", "page.svg", "-o", "page.png"});
  EXPECT_EQ(page.exit_code, 0) << page.err;
  EXPECT_TRUE(Has(page.out, "output length")) << page.out;
  const std::string svg = ReadFile(server, "page.svg");
  for (const char* name : {"output throughput", "queue wait", "TTFT", "TPOT", "E2E"}) {
    EXPECT_TRUE(Has(svg, name)) << name;
  }
  const Ended open = Run(server, {"plot", "load.json", "--ecdf", "2", "-o", "ecdf.svg"});
  EXPECT_EQ(open.exit_code, 2);
  EXPECT_TRUE(Has(open.err, "--where num_predict=4")) << open.err;
  const Ended ecdf = Run(server, {"plot", "load.json", "--ecdf", "2", "--histogram", "2", "--where",
                                  "num_predict=4", "-o", "ecdf.svg"});
  EXPECT_EQ(ecdf.exit_code, 0) << ecdf.err;
  EXPECT_TRUE(Has(ReadFile(server, "ecdf.svg"), "share of requests up to this value"));
  const Ended window = Run(server, {"plot", "load.json", "--timeline", "2", "--where",
                                    "num_predict=8", "-o", "window.svg"});
  EXPECT_EQ(window.exit_code, 0) << window.err;
  EXPECT_TRUE(Has(ReadFile(server, "window.svg"), "requests in flight"));
  const Ended none = Run(server, {"plot", "load.json", "--timeline", "3", "-o", "none.svg"});
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_TRUE(Has(none.err, "concurrency is one of 1, 2")) << none.err;
}

TEST_F(LoadResultsTest, PlotWithoutTheFolderDrawsTheThroughputAndSaysWhatIsMissing) {
  const SimulatedOllama server(Law(2));
  ASSERT_EQ(RunProgram(Load(server, {"--concurrency", "1,2"})).exit_code, 0);
  fs::remove_all(server.folder() / "load.d");
  EXPECT_EQ(Run(server, {"plot", "load.json", "-o", "page.svg"}).exit_code, 0);
  EXPECT_TRUE(Has(ReadFile(server, "page.svg"), "The requests of 4 windows are not in load.d"));
  const Ended ecdf = Run(server, {"plot", "load.json", "--ecdf", "2", "-o", "ecdf.svg"});
  EXPECT_EQ(ecdf.exit_code, 1);
  EXPECT_TRUE(Has(ecdf.err, "load.d")) << ecdf.err;
}

TEST_F(LoadResultsTest, StatusCountsWindowsAndTheHeatmapShowsPlainValues) {
  const SimulatedOllama server(Law(2));
  ASSERT_EQ(RunProgram(Load(server, {"--concurrency", "1,2", "--num-predict", "4,8"})).exit_code,
            0);
  const Ended status = Run(server, {"status", "load.json"});
  EXPECT_TRUE(Has(status.out, "windows   8 measured, 0 left")) << status.out;
  EXPECT_FALSE(Has(status.out, "UNDECIDED")) << status.out;
  const Ended heatmap = Run(server, {"heatmap", "load.json", "-o", "map.svg"});
  EXPECT_EQ(heatmap.exit_code, 0) << heatmap.err;
  const std::string svg = ReadFile(server, "map.svg");
  EXPECT_TRUE(Has(svg, "best value"));
  EXPECT_FALSE(Has(svg, "not significantly different")) << "no level competes with another";
}

TEST_F(LoadResultsTest, PlanAndDryRunShowWindowsAndRequestsAndWriteNothing) {
  const SimulatedOllama server(Law(2));
  const Ended plan = Run(server, {"plan", "--workload", "load", "--model", "simulated",
                                  "--concurrency", "1,2,16", "-r", "plan.json"});
  EXPECT_EQ(plan.exit_code, 0) << plan.err;
  EXPECT_TRUE(Has(plan.out, "2 of each level, 72 requests or more each; 6 to measure")) << plan.out;
  EXPECT_TRUE(Has(plan.out, "about 672 measured")) << "192 in a window of 16 users: " << plan.out;
  EXPECT_FALSE(Has(plan.out, "tune")) << plan.out;
  const Ended dry = Run(server, {"load", "--dry-run", "--model", "simulated", "--rate", "0.5,2",
                                 "--duration", "60", "--json", "-r", "plan.json"});
  ASSERT_EQ(dry.exit_code, 0) << dry.err;
  const Json json = Json::parse(dry.out);
  EXPECT_EQ(json["windows"], 4);
  EXPECT_EQ(json["requests"], 300);
  EXPECT_EQ(json["duration_s"], 60);
  EXPECT_FALSE(fs::exists(server.folder() / "plan.json"));
  EXPECT_FALSE(fs::exists(server.folder() / "plan.d"));
  EXPECT_TRUE(server.Truth().empty());
}

TEST_F(LoadResultsTest, ALimitIsOneOfWindowsAndTheSameCommandGoesOn) {
  const SimulatedOllama server(Law(2));
  const std::vector<std::string> flags = {"--concurrency", "1,2", "--limit", "3"};
  const auto total = [&server] {
    int windows = 0;
    for (const auto& [users, count] : Windows(server)) windows += count;
    return windows;
  };
  ASSERT_EQ(RunProgram(Load(server, flags)).exit_code, 0);
  EXPECT_EQ(total(), 3);
  ASSERT_EQ(RunProgram(Load(server, flags)).exit_code, 0);
  EXPECT_EQ(total(), 4) << "each level has its two";
}

}  // namespace
}  // namespace ollama_bench::testing
