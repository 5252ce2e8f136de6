#include "ollama_bench/render/answer_text.h"

#include <gtest/gtest.h>

#include "support/load_results.h"

namespace ollama_bench {
namespace {

SweepAnswer Answer(const std::vector<double>& rates, AnswerOptions options = {}) {
  return *AnswerSweep(NoisyMachine(1, 0.001, 0.001).Sweep(rates, 5, 2), Metric::kPromptEvalRate,
                      options);
}

AnswerOptions ComparedWith(int num_ctx) {
  AnswerOptions options;
  options.current = Cell{num_ctx, 512};
  options.current_source = "Modelfile";
  return options;
}

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(AnswerTextTest, NamesTheVerdictFirst) {
  const std::string change = AnswerSentence(Answer({250, 300, 200}, ComparedWith(2048)));
  EXPECT_TRUE(
      change.starts_with("CHANGE: recommended: num_ctx=4096 num_batch=512, the fastest cell: +"))
      << change;
  EXPECT_TRUE(
      change.ends_with(" against the current setting, num_ctx=2048 num_batch=512 (Modelfile)."))
      << change;
  EXPECT_EQ(AnswerSentence(Answer({250, 200, 300}, ComparedWith(6144))),
            "KEEP the current setting, num_ctx=6144 num_batch=512 (Modelfile): no cell is more "
            "than 1 % faster.");
  const std::string context = AnswerSentence(Answer({300, 300, 300}, ComparedWith(2048)));
  EXPECT_TRUE(
      context.starts_with("CHANGE: recommended: num_ctx=6144 num_batch=512, more context "
                          "than the current setting, num_ctx=2048"))
      << context;
  const std::string tie = AnswerSentence(Answer({300, 300, 200}));
  EXPECT_TRUE(tie.starts_with("TIE: recommended: ")) << tie;
  EXPECT_TRUE(tie.ends_with("All 2 contenders are within 1 % of it.")) << tie;
  EXPECT_EQ(AnswerSentence(Answer({300, 200, 100})),
            "BEST: recommended: num_ctx=2048 num_batch=512. Each of the other cells is "
            "significantly slower.");
  EXPECT_EQ(AnswerSentence(Answer({300})),
            "BEST: recommended: num_ctx=2048 num_batch=512. No other cell was measured.");
}

TEST(AnswerTextTest, SaysWhatIsOpenAndWhatWouldDecideIt) {
  AnswerOptions options = ComparedWith(2048);
  options.load_s = 60;
  const auto results = NoisyMachine(1, 0.02, 0.001).Sweep({298, 300}, 1, 1);
  SweepAnswer answer = *AnswerSweep(results, Metric::kPromptEvalRate, options);
  ASSERT_EQ(answer.verdict, Verdict::kUndecided);
  const std::string sentence = AnswerSentence(answer);
  EXPECT_TRUE(sentence.starts_with("UNDECIDED: " + answer.reason)) << sentence;
  EXPECT_TRUE(Contains(sentence, "Best so far: ")) << sentence;
  answer.more_loads = 10;
  answer.more_s = 600;
  EXPECT_TRUE(MoreLoadsSentence(answer).starts_with("About 10 more loads ("))
      << MoreLoadsSentence(answer);
  EXPECT_EQ(MoreLoadsSentence(Answer({300, 200}, ComparedWith(2048))), "") << "it is decided";
}

TEST(AnswerTextTest, RecommendsNothingWhereThereIsNoAnswer) {
  SweepAnswer answer = Answer({300, 200});
  answer.verdict = Verdict::kNoAnswer;
  answer.recommended.reset();
  answer.reason = "the machine changed";
  EXPECT_TRUE(AnswerSentence(answer).starts_with("NO ANSWER: the machine changed"));
  EXPECT_EQ(ValueSentence(answer), "");
  EXPECT_EQ(MeaningSentence(answer), "");
}

TEST(AnswerTextTest, TellsTheValueWithItsIntervalAndTheLoadsThatItRestsOn) {
  auto results = NoisyMachine(1, 0.001, 0.001).Sweep({300, 200}, 1, 3);
  const auto sentence = [&results] {
    return ValueSentence(*AnswerSweep(results, Metric::kPromptEvalRate));
  };
  EXPECT_TRUE(Contains(sentence(), " tokens/s, 95 % CI [")) << sentence();
  // Nothing showed the noise that the interval rests on.
  EXPECT_TRUE(Contains(sentence(), "] if loads vary by the assumed ")) << sentence();
  EXPECT_TRUE(sentence().ends_with(" %, 1 load.")) << sentence();
  AddLoad(results[0], 100, {300}, SampleRole::kConfirm);
  EXPECT_TRUE(sentence().ends_with("], 2 loads.")) << sentence();
}

TEST(AnswerTextTest, TellsWhatTheSettingsMeanForTheUser) {
  AnswerOptions options = ComparedWith(2048);
  options.prompt_tokens = 3000;
  SweepAnswer answer = Answer({250, 300}, options);
  EXPECT_TRUE(MeaningSentence(answer).starts_with(
      "Current -> recommended: a 3000-token prompt: 12 s -> 10 s."))
      << MeaningSentence(answer);
  answer.current_serving = CellServing{40.0, 1.0, 2'000'000'000, 0.614};
  answer.recommended_serving = CellServing{38.0, 1.0, 2'500'000'000, 0.5};
  EXPECT_EQ(MeaningSentence(answer),
            "Current -> recommended: a 3000-token prompt: 12 s -> 10 s; decode 40 tokens/s -> 38 "
            "tokens/s; on the GPU 100 %; memory 2.00 GB -> 2.50 GB; energy 0.614 "
            "J/token -> 0.5 J/token.");
  SweepAnswer keep = Answer({300, 250}, options);
  ASSERT_EQ(keep.verdict, Verdict::kKeep);
  EXPECT_EQ(MeaningSentence(keep), "A 3000-token prompt: 10 s.");
}

TEST(AnswerTextTest, SaysWhetherTheNoiseWasMeasured) {
  const auto single =
      AnswerSweep(NoisyMachine(1, 0.01, 0.01).Sweep({300, 300}, 1, 1), Metric::kPromptEvalRate);
  EXPECT_TRUE(Contains(NoiseSentence(*single), "(assumed: no cell was loaded twice)"))
      << NoiseSentence(*single);
  EXPECT_FALSE(Contains(NoiseSentence(Answer({300, 300})), "assumed"));
}

TEST(AnswerTextTest, TellsADriftThatIsWorthAWord) {
  SweepAnswer answer = Answer({300, 300});
  answer.drift = 0.001;
  EXPECT_EQ(DriftSentence(answer), "");
  answer.drift = 0.077;
  EXPECT_TRUE(Contains(DriftSentence(answer), "7.7 %")) << DriftSentence(answer);
}

TEST(AnswerTextTest, TellsHowManyCellsMayBeTheBest) {
  EXPECT_EQ(ContendersSentence(Answer({300, 300, 200})),
            "2 of 3 cells are not significantly different from the best.");
  EXPECT_EQ(ContendersSentence(Answer({300, 250, 200})), "");
}

TEST(AnswerTextTest, TellsWhatTheLargestSafeContextCosts) {
  const SweepAnswer answer = Answer({300, 294, 200});
  EXPECT_TRUE(SafeContextSentence(answer).starts_with(
      "Largest context that loses at most 5 %: num_ctx=4096 num_batch=512 (-"))
      << SafeContextSentence(answer);
  EXPECT_EQ(SafeContextSentence(Answer({200, 300})),
            "Largest context that loses at most 5 %: num_ctx=4096 num_batch=512.");
}

TEST(AnswerTextTest, TrustNamesLoadsThatWereDisturbedAndNotReplaced) {
  SweepAnswer answer = Answer({300, 250}, ComparedWith(2048));
  EXPECT_TRUE(TrustSentence(answer).starts_with("Trust: good; a difference of "))
      << TrustSentence(answer);
  answer.not_replaced = 2;
  EXPECT_TRUE(Contains(TrustSentence(answer), "2 disturbed loads were not replaced"));
}

TEST(AnswerTextTest, TellsStalledRunsFromThoseThatAreMerelyFarOff) {
  SweepAnswer answer = Answer({300, 299});
  EXPECT_EQ(OutlierSentence(answer), "");
  answer.outliers = {{{2048, 512}, "a", 0.05, true}};
  EXPECT_EQ(OutlierSentence(answer),
            "One run was less than half as fast as the others of its load; left out.");
  answer.outliers.push_back({{2048, 512}, "b", 0.8, false});
  answer.outliers.push_back({{2048, 512}, "c", 0.04, true});
  EXPECT_EQ(OutlierSentence(answer),
            "2 runs were less than half as fast as the others of their load; left out. One run "
            "is far from the other runs of its cell; counted.");
}

}  // namespace
}  // namespace ollama_bench
