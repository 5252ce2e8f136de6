// How a real Ollama's time grows with the prompt.
#include <gtest/gtest.h>

#include "real_run.h"

namespace ollama_bench::testing {
namespace {

class RealScaleTest : public RealRunTest {};

TEST_F(RealScaleTest, HasALawARateOfDecodeAndALimitOfTheMemory) {
  const Ended ended =
      RunProgram(Command({"scale", "--model", RealOllamaServer::kModel, "--prompt-tokens",
                          "64,128,256,512,1024", "--num-predict", "16", "--repetitions", "1",
                          "--bandwidth", "--predict", "1500", "--json", "--ignore-disturbance"}));
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const auto begin = ended.out.rfind("{\"event\":\"answer\"");
  ASSERT_NE(begin, std::string::npos) << ended.out;
  const Json answer = Json::parse(ended.out.substr(begin));
  ASSERT_EQ(answer["points"].size(), 5U);
  for (const Json& point : answer["points"]) {
    EXPECT_NEAR(point["counted_tokens"].get<double>(), point["prompt_tokens"].get<double>(),
                0.1 * point["prompt_tokens"].get<double>());
    EXPECT_GT(point["prefill_s"]["estimate"], 0);
    EXPECT_GT(point["decode_tokens_per_s"]["estimate"], 0);
    EXPECT_GT(point["ttft_s"]["estimate"], 0);
    EXPECT_GT(point["memory_bytes"], 0);
  }
  EXPECT_GT(answer["points"].back()["prefill_s"]["estimate"],
            answer["points"].front()["prefill_s"]["estimate"]);
  EXPECT_FALSE(answer["law"].is_null());
  EXPECT_EQ(answer["predictions"][0]["extrapolated"], true);
  // 134,515,008 parameters in 96,576,768 bytes.
  EXPECT_EQ(answer["limits"]["weight_bytes"], 96'576'768);
  EXPECT_EQ(answer["limits"]["active_parameters"], 134'515'008);
  EXPECT_GT(answer["limits"]["peak_bandwidth_gb_s"], 0);
  for (const Json& limit : answer["limits"]["decode"]) {
    EXPECT_GT(limit["bandwidth_utilisation"], 0);
    EXPECT_LT(limit["bandwidth_utilisation"], 1);
  }
  EXPECT_EQ(Models(), before_);
}

}  // namespace
}  // namespace ollama_bench::testing
