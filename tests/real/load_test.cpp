// Users of a real Ollama.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "real_run.h"

namespace ollama_bench::testing {
namespace {

class RealLoadTest : public RealRunTest {
 protected:
  // Twelve requests a window, of which the p50 has an interval.
  [[nodiscard]] Program Load(std::vector<std::string> more) const {
    std::vector<std::string> arguments = {"load",
                                          "--model",
                                          RealOllamaServer::kModel,
                                          "--num-predict",
                                          "8",
                                          "--requests",
                                          "12",
                                          "--prompt-tokens",
                                          "60",
                                          "--repetitions",
                                          "1",
                                          "--json",
                                          "--ignore-disturbance",
                                          "--results",
                                          "load.json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Command(std::move(arguments));
  }
  static Json AnswerOf(const Ended& ended) {
    const auto begin = ended.out.rfind("{\"event\":\"answer\"");
    return Json::parse(begin == std::string::npos ? "null" : ended.out.substr(begin));
  }
  [[nodiscard]] std::vector<Json> Requests() const {
    std::vector<Json> requests;
    for (const auto& file : std::filesystem::directory_iterator(folder_.path() / "load.d")) {
      if (file.path().string().ends_with(".telemetry.jsonl")) continue;
      std::ifstream in(file.path());
      for (std::string line; std::getline(in, line);) requests.push_back(Json::parse(line));
    }
    return requests;
  }
};

TEST_F(RealLoadTest, TheQueueWaitOfTheServersFieldsIsThatOfTheClientsClock) {
  const Ended ended = RunProgram(Load({"--concurrency", "1,4"}));
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  double by_fields = 0;
  double by_clock = 0;
  int waited = 0;
  for (const Json& request : Requests()) {
    if (request["part"] != "measured" || request["end"] != "done") continue;
    by_fields += request["queue_ms"].get<double>();
    by_clock += request["ttft_ms"].get<double>() - request["load_ms"].get<double>() -
                request["prefill_ms"].get<double>();
    ++waited;
  }
  EXPECT_GE(waited, 24);
  EXPECT_NEAR(by_fields, by_clock, 0.05 * by_clock + 10.0 * waited);
  EXPECT_EQ(Models(), before_);
}

TEST_F(RealLoadTest, EveryLevelIsAnsweredAndCounted) {
  const Ended ended = RunProgram(Load({"--concurrency", "1,2"}));
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const Json answer = AnswerOf(ended);
  ASSERT_EQ(answer["levels"].size(), 2U) << ended.out;
  for (const Json& level : answer["levels"]) {
    EXPECT_GE(level["requests"], 12);
    EXPECT_EQ(level["errors"], 0);
    EXPECT_GT(level["output_tokens_per_s"]["estimate"], 0);
    EXPECT_GT(level["ttft_s"]["p50"], 0);
  }
}

TEST_F(RealLoadTest, ARateIsSentWhateverTheServerDoes) {
  const Ended ended = RunProgram(Load({"--rate", "2", "--arrival", "constant"}));
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const Json level = AnswerOf(ended)["levels"][0];
  EXPECT_EQ(level["rate"], 2);
  EXPECT_GE(level["requests"], 12);
}

}  // namespace
}  // namespace ollama_bench::testing
