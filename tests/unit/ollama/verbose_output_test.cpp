#include "cli_output.h"

#include <gtest/gtest.h>

#include <random>

#include "support/test_data.h"

namespace ollama_bench {
namespace {

using std::chrono::nanoseconds;

constexpr const char* kBlock =
    "total duration:       1m2.3s\n"
    "load duration:        235.137439ms\n"
    "prompt eval count:    512 token(s)\n"
    "prompt eval duration: 2.1s\n"
    "prompt eval rate:     243.81 tokens/s\n"
    "eval count:           2 token(s)\n"
    "eval duration:        52.1\xC2\xB5s\n"
    "eval rate:            38387.72 tokens/s\n";

TEST(VerboseOutputTest, ReadsAllEightLines) {
  const RunMetrics metrics = ParseVerboseOutput(kBlock);
  EXPECT_EQ(metrics.total, nanoseconds(62'300'000'000));
  EXPECT_EQ(metrics.load, nanoseconds(235'137'439));
  EXPECT_EQ(metrics.prompt_eval_count, 512);
  EXPECT_EQ(metrics.prompt_eval, nanoseconds(2'100'000'000));
  EXPECT_EQ(metrics.printed_prompt_eval_rate, 243.81);
  EXPECT_EQ(metrics.eval_count, 2);
  EXPECT_EQ(metrics.eval, nanoseconds(52'100));
  EXPECT_EQ(metrics.printed_eval_rate, 38387.72);
  EXPECT_FALSE(metrics.prompt_eval_cached);
}

TEST(VerboseOutputTest, ReadsARealRunOfEveryVersion) {
  struct Real {
    const char* version;
    std::int64_t prompt_eval_ns;
    double rate;
  };
  for (const auto& [version, prompt_eval_ns, rate] :
       {Real{"v0.11.4", 822'458'970, 317.34}, Real{"v0.32.15", 818'646'000, 318.82}}) {
    const RunMetrics metrics = ParseVerboseOutput(TranscriptStderr(version, "run_cold"));
    EXPECT_EQ(metrics.prompt_eval_count, 261) << version;
    EXPECT_EQ(metrics.prompt_eval, nanoseconds(prompt_eval_ns)) << version;
    EXPECT_EQ(metrics.printed_prompt_eval_rate, rate) << version;
    EXPECT_TRUE(metrics.total && metrics.load && metrics.eval) << version;
  }
}

TEST(VerboseOutputTest, TheRecomputedRateIsThePrintedOneInEveryTranscript) {
  int compared = 0;
  for (const std::string& version : TranscriptVersions()) {
    for (const char* situation :
         {"run_cold", "run_other_prefix", "run_same_prompt_again", "run_wordwrap", "run_predict_1",
          "run_ctx_above_trained", "run_batch_above_ctx", "run_prompt_longer_than_context"}) {
      const RunMetrics metrics = ParseVerboseOutput(TranscriptStderr(version, situation));
      const auto rate = PromptEvalRate(metrics);
      ASSERT_TRUE(rate && metrics.printed_prompt_eval_rate) << version << ' ' << situation;
      EXPECT_NEAR(*rate, *metrics.printed_prompt_eval_rate, 0.0051) << version << ' ' << situation;
      ++compared;
    }
  }
  EXPECT_EQ(compared, 24);
}

TEST(VerboseOutputTest, FindsNoRateWhereARealRunHadNone) {
  for (const std::string& version : TranscriptVersions()) {
    for (const char* situation : {"run_empty_stdin", "run_server_killed", "run_runner_killed",
                                  "run_missing_model", "run_server_down"}) {
      EXPECT_FALSE(PromptEvalRate(ParseVerboseOutput(TranscriptStderr(version, situation))))
          << version << ' ' << situation;
    }
  }
}

TEST(VerboseOutputTest, SubtractsCachedTokensWhereTheServerTellsThem) {
  const RunMetrics metrics = ParseVerboseOutput(
      "prompt eval count:    116 token(s)\nprompt eval cached:   16 token(s)\n"
      "prompt eval duration: 2s\nprompt eval rate:     50.00 tokens/s\n");
  EXPECT_EQ(metrics.prompt_eval_cached, 16);
  EXPECT_DOUBLE_EQ(PromptEvalRate(metrics).value(), 50.0);
}

TEST(VerboseOutputTest, TheRateLineAloneGivesNoRate) {
  EXPECT_FALSE(PromptEvalRate(ParseVerboseOutput("prompt eval rate:     0.00 tokens/s\n")));
}

TEST(VerboseOutputTest, LeavesFieldsEmptyThatAreNoNumbers) {
  const RunMetrics metrics = ParseVerboseOutput(
      "prompt eval count:    -5 token(s)\nprompt eval rate:     inf tokens/s\n"
      "eval count:           99999999999999999999 token(s)\neval rate:     1.5 apples\n"
      "total duration:       soon\nprompt eval duration:\n");
  EXPECT_EQ(metrics, RunMetrics());
}

TEST(VerboseOutputTest, NeverInventsAValueWhateverByteIsMissing) {
  const RunMetrics whole = ParseVerboseOutput(kBlock);
  const std::string block = kBlock;
  for (std::size_t length = 0; length < block.size(); ++length) {
    const RunMetrics cut = ParseVerboseOutput(block.substr(0, length));
    EXPECT_TRUE(!cut.eval_count || cut.eval_count == whole.eval_count) << length;
    EXPECT_TRUE(!cut.prompt_eval_count || cut.prompt_eval_count == whole.prompt_eval_count);
    EXPECT_TRUE(!cut.printed_prompt_eval_rate ||
                cut.printed_prompt_eval_rate == whole.printed_prompt_eval_rate);
  }
}

TEST(VerboseOutputTest, SurvivesRandomBytes) {
  std::mt19937 random(7);
  for (int i = 0; i < 20'000; ++i) {
    std::string text = kBlock;
    for (int change = 0; change < 8; ++change) {
      text[random() % text.size()] = static_cast<char>(random());
    }
    const auto rate = PromptEvalRate(ParseVerboseOutput(text));
    EXPECT_TRUE(!rate || *rate > 0);
  }
}

}  // namespace
}  // namespace ollama_bench
