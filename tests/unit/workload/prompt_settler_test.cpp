#include "ollama_bench/workload/prompt_settler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "ollama_bench/workload/prompt_feed.h"

namespace ollama_bench {
namespace {

// A tokenizer with a template of `overhead` tokens and `per_word` tokens a word, on a server that
// cuts to the context.
struct Tokenizer {
  double per_word = 1.2;
  int overhead = 12;
  int num_ctx = 4096;
  int runs = 0;

  TokenCounter Counter() {
    return [this](std::string_view text) -> Expected<std::int64_t, Failure> {
      ++runs;
      std::istringstream in{std::string(text)};
      int words = 0;
      for (std::string word; in >> word;) ++words;
      return std::min<std::int64_t>(num_ctx, overhead + std::llround(words * per_word));
    };
  }
};

TEST(PromptSettlerTest, ComesWithinOnePerCentInAFewRunsForAnyTokenizer) {
  for (const double per_word : {0.7, 1.0, 1.3, 2.5, 4.0, 8.0}) {
    for (const int overhead : {0, 5, 30, 300}) {
      for (const int target : {400, 512, 1000, 4000}) {
        Tokenizer tokenizer{per_word, overhead, 4096};
        const auto settled = SettleBuiltInPrompt(target, {4096, 64}, 2, tokenizer.Counter());
        ASSERT_TRUE(settled) << per_word << ' ' << overhead << ' ' << target << ' '
                             << settled.error().message;
        EXPECT_NEAR(static_cast<double>(settled->tokens.value()), target,
                    std::max(8.0, 0.01 * target));
        EXPECT_LE(tokenizer.runs, 6);
      }
    }
  }
}

TEST(PromptSettlerTest, NeedsTwoRunsWhereThingsAreAsUsual) {
  Tokenizer tokenizer;
  ASSERT_TRUE(SettleBuiltInPrompt(512, {4096, 64}, 2, tokenizer.Counter()));
  EXPECT_LE(tokenizer.runs, 3);
}

TEST(PromptSettlerTest, ExtrapolatesWhereTheFirstCellIsTooSmall) {
  Tokenizer tokenizer{1.3, 12, 1024};
  const auto settled = SettleBuiltInPrompt(4000, {1024, 64}, 2, tokenizer.Counter());
  ASSERT_TRUE(settled);
  EXPECT_FALSE(settled->tokens) << "no run has counted it";
  EXPECT_NEAR(static_cast<double>(settled->words) * 1.3 + 12, 4000, 40);
}

TEST(PromptSettlerTest, PassesAFailureOn) {
  const auto settled = SettleBuiltInPrompt(400, {4096, 64}, 2, [](std::string_view) {
    return Expected<std::int64_t, Failure>(
        Unexpected<Failure>(Failure{FailureKind::kRunnerCrash, "x", "", 1}));
  });
  ASSERT_FALSE(settled);
  EXPECT_EQ(settled.error().kind, FailureKind::kRunnerCrash);
}

TEST(PromptSettlerTest, SaysSoWhenNoPromptCanBeMade) {
  const auto stuck = SettleBuiltInPrompt(
      400, {4096, 64}, 2, [](std::string_view) { return Expected<std::int64_t, Failure>(7); });
  ASSERT_FALSE(stuck);
  EXPECT_NE(stuck.error().message.find("no built-in prompt of 400 tokens"), std::string::npos);
  const auto full = SettleBuiltInPrompt(
      400, {4096, 64}, 2, [](std::string_view) { return Expected<std::int64_t, Failure>(4096); });
  ASSERT_FALSE(full);
}

}  // namespace
}  // namespace ollama_bench
