#include "ollama_bench/render/answer_text.h"

#include <gtest/gtest.h>

#include "support/load_results.h"

namespace ollama_bench {
namespace {

SweepAnswer Answer(const std::vector<double>& rates, AnswerOptions options = {}) {
  return *AnswerSweep(NoisyMachine(1, 0.001, 0.001).Sweep(rates, 4, 2), Metric::kPromptEvalRate,
                      options);
}

TEST(AnswerTextTest, SaysInOneSentenceWhichCellsCannotBeToldApartAndWhichToTake) {
  EXPECT_EQ(AnswerSentence(Answer({300, 300, 200, 100})),
            "These 2 of 4 cells cannot be told apart (within 1 %, 95 % sure); take num_ctx=4096 "
            "num_batch=512, the largest context among them.");
  EXPECT_EQ(AnswerSentence(Answer({300, 300, 300})),
            "All 3 cells are alike as far as this sweep can tell (within 1 %, 95 % sure); take "
            "num_ctx=6144 num_batch=512, the largest context among them.");
  EXPECT_EQ(AnswerSentence(Answer({300, 200, 100})),
            "Take num_ctx=2048 num_batch=512: each of the other 2 cells is slower by more than 1 % "
            "(95 % sure).");
  EXPECT_EQ(AnswerSentence(Answer({300})),
            "Only one cell was measured: num_ctx=2048 num_batch=512.");
}

TEST(AnswerTextTest, TellsTheGainOrThatThereIsNoneWorthHaving) {
  AnswerOptions options;
  EXPECT_EQ(BaselineSentence(Answer({300, 300})), "");
  options.baseline = Cell{2048, 512};
  options.baseline_source = "Modelfile";
  const std::string gain = BaselineSentence(Answer({200, 300}, options));
  EXPECT_TRUE(
      gain.starts_with("Gain over your present setting, num_ctx=2048 num_batch=512 (Modelfile): +"))
      << gain;
  EXPECT_TRUE(BaselineSentence(Answer({300, 300}, options))
                  .starts_with("No gain worth having over your present setting"));
  EXPECT_EQ(BaselineSentence(Answer({300, 200}, options)),
            "That is your present setting, num_ctx=2048 num_batch=512 (Modelfile): nothing to "
            "change.");
}

TEST(AnswerTextTest, NamesTheLoadsWhereTheValueIsNotThatOfTheMap) {
  auto results = NoisyMachine(1, 0.001, 0.001).Sweep({300, 200}, 1, 3);
  const auto sentence = [&results] {
    return ValueSentence(*AnswerSweep(results, Metric::kPromptEvalRate));
  };
  EXPECT_NE(sentence().find(" tokens/s, between "), std::string::npos) << sentence();
  AddLoad(results[0], 100, {250}, SampleRole::kConfirm);
  EXPECT_NE(sentence().find(": 250.00 tokens/s in 1 confirming load, between "), std::string::npos)
      << sentence();
  AddLoad(results[0], 101, {250}, SampleRole::kConfirm);
  EXPECT_NE(sentence().find(": 250.00 tokens/s in 2 confirming loads, between "), std::string::npos)
      << sentence();
  AddLoad(results[0], 102, {250}, SampleRole::kControl);
  EXPECT_NE(sentence().find(" in 1 control and 2 confirming loads, "), std::string::npos)
      << sentence();
}

TEST(AnswerTextTest, SaysWhatOfTheNoiseIsAssumed) {
  const auto single =
      AnswerSweep(NoisyMachine(1, 0.01, 0.01).Sweep({300, 300}, 1, 1), Metric::kPromptEvalRate);
  EXPECT_EQ(NoiseSentence(*single),
            "Noise: 2.6 % (assumed) between loads, 2.6 % (assumed) between runs of one load.");
  EXPECT_EQ(NoiseSentence(Answer({300, 300})).find("assumed"), std::string::npos);
  EXPECT_EQ(DriftSentence(*single), "");
  EXPECT_EQ(NoteSentences(*single).size(), 1U);
}

TEST(AnswerTextTest, WarnsOfAMachineThatChanged) {
  auto results = NoisyMachine(1, 0.002, 0.002).Sweep(std::vector<double>(8, 300.0), 3, 2);
  CellResult& control = results.emplace_back();
  control.cell = {1024, 64};
  for (int i = 0; i < 5; ++i) {
    AddLoad(control, 500 + i, {300 * std::exp(-0.02 * i)}, SampleRole::kControl, 10 * i);
  }
  AnswerOptions options;
  const auto raw = AnswerSweep(results, Metric::kPromptEvalRate, options);
  EXPECT_TRUE(
      DriftSentence(*raw).starts_with("WARNING: the machine changed during the sweep: "
                                      "num_ctx=1024 num_batch=64 moved by -7.7 %"))
      << DriftSentence(*raw);
  options.detrend = true;
  EXPECT_NE(DriftSentence(*AnswerSweep(results, Metric::kPromptEvalRate, options))
                .find("taken out of the answer"),
            std::string::npos);
}

TEST(AnswerTextTest, SaysWhenItCannotTellWhetherALargerContextLosesMore) {
  SweepAnswer answer = Answer({300, 299, 200});
  EXPECT_EQ(SafeContextSentence(answer).find("cannot be told"), std::string::npos);
  answer.largest_safe_context->undecided = 6144;
  EXPECT_TRUE(SafeContextSentence(answer).ends_with(
      " against the fastest. Whether num_ctx=6144 loses more cannot be told."))
      << SafeContextSentence(answer);
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
            "lies far from the other runs of its cell; counted all the same.");
}

}  // namespace
}  // namespace ollama_bench
