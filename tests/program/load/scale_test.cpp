// `ollama-bench scale` against a simulated server of known law.
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/run_program.h"
#include "support/simulated_ollama.h"

namespace ollama_bench::testing {
namespace {

using Json = nlohmann::ordered_json;

/// 4 ms and 50 us a token of the prompt, 1 ms a token of the answer; every speed with a little
/// noise.
class ScaleTest : public ::testing::Test {
 protected:
  static Json Law() {
    return {{"prefill_s", {{"a", 0.004}, {"b", 0.00005}}},
            {"step_s", 0.001},
            {"noise", {{"sigma", 0.005}, {"block_s", 0.5}}}};
  }
  static Program Scale(const SimulatedOllama& server, const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"scale",         "--model", "simulated",
                                          "--num-predict", "16",      "--ignore-disturbance"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return BenchCommand(WithoutReplaced(arguments), server.folder(), server.Environment());
  }
  static Json AnswerOf(const Ended& ended) {
    const auto begin = ended.out.find("{\"event\":\"answer\"");
    EXPECT_NE(begin, std::string::npos) << ended.out << ended.err;
    if (begin == std::string::npos) return {};
    return Json::parse(ended.out.substr(begin, ended.out.find('\n', begin) - begin));
  }
  static bool Covers(const Json& bounded, double truth, double tolerance) {
    return bounded["low"].get<double>() - tolerance <= truth &&
           truth <= bounded["high"].get<double>() + tolerance;
  }
};

TEST_F(ScaleTest, FindsTheLawOfAKnownServerFromLengthsOfItsOwnChoice) {
  const SimulatedOllama server(Law());
  const Ended ended = RunProgram(Scale(server, {"--json", "--predict", "6000,20000"}));
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const Json answer = AnswerOf(ended);
  ASSERT_EQ(answer["points"].size(), 7U) << answer;
  EXPECT_EQ(answer["points"].back()["prompt_tokens"], 4096);
  EXPECT_EQ(answer["points"].back()["num_ctx"], 4352);
  for (const Json& point : answer["points"]) EXPECT_EQ(point["loads"], 3) << point;
  EXPECT_TRUE(Covers(answer["law"]["b_ms_per_token"], 0.05, 0.003)) << answer["law"];
  EXPECT_NEAR(answer["law"]["a_ms"]["estimate"].get<double>(), 4, 1) << answer["law"];
  EXPECT_NEAR(answer["decode"]["ms_per_token"]["estimate"].get<double>(), 1, 0.1);
  const Json& predictions = answer["predictions"];
  EXPECT_EQ(predictions[0]["extrapolated"], true);
  EXPECT_NEAR(predictions[0]["prefill_s"]["estimate"].get<double>(), 0.304, 0.03);
  EXPECT_TRUE(predictions[1]["prefill_s"].is_null()) << "beyond twice the longest";
}

TEST_F(ScaleTest, SaysTheLawInWordsAndResumesWithoutMeasuringAgain) {
  const SimulatedOllama server(Law());
  const std::vector<std::string> lengths = {"--prompt-tokens", "64,128,256,512,1024"};
  RunningProgram first(Scale(server, lengths));
  ASSERT_TRUE(first.WaitForOutput("[3/15]"));
  first.Signal(SIGKILL);
  first.Wait();
  const Ended second = RunProgram(Scale(server, lengths));
  ASSERT_EQ(second.exit_code, 0) << second.err;
  EXPECT_EQ(second.err.find("[1/15]"), std::string::npos) << second.err;
  EXPECT_NE(second.out.find("Law: a prompt of n tokens takes"), std::string::npos) << second.out;
  EXPECT_NE(second.out.find("Decode: "), std::string::npos) << second.out;
  std::ifstream in(server.folder() / "scale_results.json");
  const Json store = Json::parse(in);
  for (const Json& result : store["results"]) {
    int counted = 0;
    for (const Json& sample : result["samples"]) {
      counted += sample["role"] == "measure" && sample["excluded"].is_null() ? 1 : 0;
    }
    EXPECT_EQ(counted, 3) << result["prompt_tokens"];
  }
  const Ended third = RunProgram(Scale(server, lengths));
  EXPECT_EQ(third.out, second.out) << "nothing is left to measure";
  const Ended drawn = RunProgram(
      BenchCommand({"plot", "--scale", "scale_results.json", "-o", "scale.svg"}, server.folder()));
  EXPECT_EQ(drawn.exit_code, 0) << drawn.err;
  std::ifstream picture(server.folder() / "scale.svg");
  const std::string svg{std::istreambuf_iterator<char>(picture), {}};
  for (const char* panel : {"time of the prefill", "prefill rate", "decode rate", "memory"}) {
    EXPECT_NE(svg.find(panel), std::string::npos) << panel;
  }
}

TEST_F(ScaleTest, UnderLoadEachNumberOfUsersHasALawOfItsOwn) {
  Json law = Law();
  law["slots"] = 2;
  const SimulatedOllama server(law);
  const Ended ended =
      RunProgram(Scale(server, {"--json", "--concurrency", "1,2", "--prompt-tokens",
                                "64,256,512,1024", "--requests", "12", "--num-predict", "4"}));
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const Json answer = AnswerOf(ended);
  ASSERT_EQ(answer["series"].size(), 2U) << answer;
  for (const Json& series : answer["series"]) {
    EXPECT_EQ(series["points"].size(), 4U) << series;
    EXPECT_FALSE(series["law"].is_null()) << series;
    EXPECT_FALSE(series["points"][0]["output_tokens_per_s"].is_null());
  }
}

TEST_F(ScaleTest, ShowsWhatOtherProgramsMeasuredOfLinksAndRefusesDamagedFilesFirst) {
  const SimulatedOllama server(Law());
  const std::string data = std::string(OLLAMA_BENCH_TEST_DATA) + "/bandwidth/";
  const std::vector<std::string> short_run = {"--prompt-tokens", "64,128",  "--repetitions", "1",
                                              "--json",          "--import"};
  std::vector<std::string> whole = short_run;
  whole.push_back(data + "nvbandwidth_0_8.json");
  const Ended ended = RunProgram(Scale(server, whole));
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const Json answer = AnswerOf(ended);
  ASSERT_FALSE(answer["bandwidth"].empty()) << answer;
  EXPECT_TRUE(answer["bandwidth"][0].contains("peak_bandwidth_gb_s"));
  std::ofstream(server.folder() / "cut.json") << "{\n\"nvbandwidth\": {\n";
  std::vector<std::string> cut = short_run;
  cut.emplace_back("cut.json");
  const Ended refused = RunProgram(Scale(server, cut));
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_NE(refused.err.find("cut.json:"), std::string::npos) << refused.err;
}

TEST_F(ScaleTest, ALengthThatTheContextDoesNotHoldFailsAndTheOthersAreMeasured) {
  const SimulatedOllama server(Law());
  const Ended ended =
      RunProgram(Scale(server, {"--json", "--ctx", "512", "--prompt-tokens", "64,128,256,1024"}));
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(AnswerOf(ended)["points"].size(), 3U);
}

}  // namespace
}  // namespace ollama_bench::testing
