#include "ollama_bench/plan/prompt_plan.h"

#include <gtest/gtest.h>

#include <random>

#include "support/pair.h"

namespace ollama_bench {
namespace {

using Kind = PlanWarning::Kind;

TEST(BuiltInPromptTest, FillsTwoOfTheLargestBatches) {
  EXPECT_EQ(BuiltInPromptTokens(PairSpace({32768, 65536}, {128, 2048, 512}), 2), 4096);
}

TEST(BuiltInPromptTest, HasAtLeast512TokensForSmallBatches) {
  EXPECT_EQ(BuiltInPromptTokens(PairSpace({32768}, {16, 32}), 2), 512);
}

TEST(BuiltInPromptTest, LeavesRoomInTheSmallestContext) {
  EXPECT_EQ(BuiltInPromptTokens(PairSpace({65536, 1024}, {2048}), 100), 1024 - 100 - 64);
}

TEST(BuiltInPromptTest, NeverFallsBelow16Tokens) {
  EXPECT_EQ(BuiltInPromptTokens(PairSpace({1}, {1}), 100'000), 16);
}

TEST(BuiltInPromptTest, StaysWithinTheBoundsOfTheLargestGrid) {
  EXPECT_EQ(BuiltInPromptTokens(PairSpace({1 << 30}, {1 << 30}), 1), (1 << 30) - 65);
}

TEST(BuiltInPromptTest, TakesTheUsualContextAndBatchWhereTheSpaceHasNone) {
  const Space threads{{{Parameter::kNumThread, {1, 2}}}};
  EXPECT_EQ(BuiltInPromptTokens(threads, 2), BuiltInPromptTokens(PairSpace({4096}, {512}), 2));
  EXPECT_TRUE(PlanWarnings(threads, PromptFacts{}).empty()) << "there is no value to name";
}

TEST(BuiltInPromptTest, NeverGivesAWarningAboutTheContextWhereItHasRoom) {
  std::mt19937 random(5);
  for (int i = 0; i < 500; ++i) {
    const Space space = PairSpace(
        {static_cast<int>(100 + random() % 5000), static_cast<int>(100 + random() % 5000)},
        {static_cast<int>(1 + random() % 3000)});
    PromptFacts facts;
    facts.num_predict = static_cast<int>(1 + random() % 20);
    facts.prompt_tokens = BuiltInPromptTokens(space, facts.num_predict);
    for (const PlanWarning& warning : PlanWarnings(space, facts)) {
      ASSERT_NE(warning.kind, Kind::kPromptDoesNotFit) << warning.message;
    }
  }
}

const Space kSpace = PairSpace({1024, 2048, 3072}, {64, 256, 512, 1024});

PromptFacts Facts(std::int64_t prompt_tokens) {
  PromptFacts facts;
  facts.prompt_tokens = prompt_tokens;
  facts.num_predict = 2;
  return facts;
}

TEST(PlanWarningsTest, AsksForNoLongerPromptThanTheProgramItselfChose) {
  Space space;
  space.Set(Parameter::kNumCtx, {1024});
  space.Set(Parameter::kNumBatch, {512, 2048});
  PromptFacts facts;
  facts.prompt_tokens = BuiltInPromptTokens(space, 2);
  facts.is_usual_prompt = true;
  const auto warnings = PlanWarnings(space, facts);
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_EQ(warnings.front().message,
            "num_batch 2048 (1 of 2 values) cannot show its full effect: the smallest num_ctx has "
            "room for a prompt of 958 tokens, less than one batch; use larger contexts or smaller "
            "batches");
}

TEST(PlanWarningsTest, NamesBatchesAboveWhatTheReleaseUses) {
  Space space;
  space.Set(Parameter::kNumCtx, {8192});
  space.Set(Parameter::kNumBatch, {256, 512, 1024});
  PromptFacts facts;
  facts.prompt_tokens = 4096;
  EXPECT_TRUE(PlanWarnings(space, facts).empty());
  facts.largest_batch = 512;
  const auto warnings = PlanWarnings(space, facts);
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_EQ(warnings.front().kind, PlanWarning::Kind::kBatchAboveCap);
}

TEST(PlanWarningsTest, SaysNothingWhenEverythingFits) {
  const Space space = PairSpace({4096, 8192}, {64, 512});
  PromptFacts facts = Facts(1024);
  facts.trained_context = 8192;
  facts.command_line_driver = true;
  EXPECT_TRUE(PlanWarnings(space, facts).empty());
}

TEST(PlanWarningsTest, NamesTheBatchesThatThePromptDoesNotFillTwice) {
  const auto warnings = PlanWarnings(kSpace, Facts(600));
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_EQ(warnings[0].kind, Kind::kBatchWithoutEffect);
  EXPECT_EQ(warnings[0].message,
            "num_batch 512 to 1024 (2 of 4 values) cannot show its full effect: the prompt has 600 "
            "tokens, less than two batches; use a longer prompt or smaller batches");
}

TEST(PlanWarningsTest, NamesTheContextsThatWouldCutThePrompt) {
  const auto warnings = PlanWarnings(kSpace, Facts(2046));
  ASSERT_EQ(warnings.size(), 2U);
  EXPECT_EQ(warnings[1].kind, Kind::kPromptDoesNotFit);
  EXPECT_EQ(warnings[1].message,
            "num_ctx 1024 to 2048 (2 of 3 values) cannot hold 2046 prompt tokens and 2 generated "
            "ones: the prompt would be cut; use a shorter prompt or larger contexts");
}

TEST(PlanWarningsTest, DrawsItsBordersAtTheExactToken) {
  const auto has = [](std::int64_t tokens, Kind kind) {
    for (const PlanWarning& warning : PlanWarnings(kSpace, Facts(tokens))) {
      if (warning.kind == kind) return true;
    }
    return false;
  };
  EXPECT_FALSE(has(2048, Kind::kBatchWithoutEffect));
  EXPECT_TRUE(has(2047, Kind::kBatchWithoutEffect));
  EXPECT_FALSE(has(1021, Kind::kPromptDoesNotFit));
  EXPECT_TRUE(has(1022, Kind::kPromptDoesNotFit)) << "the context must stay larger than the run";
}

TEST(PlanWarningsTest, NamesTheContextsAboveTheTrainedOne) {
  PromptFacts facts = Facts(900);
  facts.trained_context = 2048;
  const auto warnings = PlanWarnings(PairSpace({1024, 2048, 3072}, {64}), facts);
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_EQ(warnings[0].kind, Kind::kAboveTrainedContext);
  EXPECT_EQ(warnings[0].message,
            "num_ctx 3072 (1 of 3 values) is above the 2048 tokens that the model was trained for: "
            "the server uses 2048 instead; end the range there");
}

TEST(PlanWarningsTest, WarnsOfPromptsTooLongForTheCommandLine) {
  const Space space = PairSpace({131072}, {512});
  PromptFacts facts = Facts(75'000);
  EXPECT_TRUE(PlanWarnings(space, facts).empty()) << "other drivers keep their metrics";
  facts.command_line_driver = true;
  const auto warnings = PlanWarnings(space, facts);
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_EQ(warnings[0].kind, Kind::kMetricsLost);
  EXPECT_EQ(warnings[0].message,
            "a prompt of 75000 tokens is so long that `ollama run` may print no metrics (from "
            "about 75000 tokens on); use a shorter prompt");
  facts.prompt_tokens = 74'999;
  EXPECT_TRUE(PlanWarnings(space, facts).empty());
}

}  // namespace
}  // namespace ollama_bench
