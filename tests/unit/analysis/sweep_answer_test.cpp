#include "ollama_bench/analysis/sweep_answer.h"

#include <gtest/gtest.h>

#include "support/failed_visit.h"
#include "support/load_results.h"

namespace ollama_bench {
namespace {

constexpr Metric kRate = Metric::kPromptEvalRate;

std::vector<CellResult> QuietSweep(const std::vector<double>& rates) {
  return NoisyMachine(1, 0.002, 0.002).Sweep(rates, 4, 2);
}

void SetGpuShare(CellResult& result, double share) {
  for (Sample& sample : result.samples) {
    sample.size_bytes = 1'000'000;
    sample.size_vram_bytes = static_cast<std::int64_t>(share * 1'000'000);
  }
}

BaselineGain::Verdict VerdictFor(const std::vector<CellResult>& results, const Cell& baseline) {
  AnswerOptions options;
  options.baseline = baseline;
  return AnswerSweep(results, kRate, options)->baseline->verdict;
}

TEST(SweepAnswerTest, IsNoneWhereNoCellHasAValue) {
  EXPECT_FALSE(AnswerSweep({}, kRate));
  CellResult failed;
  AddFailure(failed, {});
  EXPECT_FALSE(AnswerSweep({failed}, kRate));
}

TEST(SweepAnswerTest, TellsWhatIsGainedOverTheBaseline) {
  const auto results = QuietSweep({250, 299.7, 300});
  AnswerOptions options;
  options.baseline = results[0].cell;
  const auto answer = AnswerSweep(results, kRate, options);
  ASSERT_TRUE(answer->baseline);
  EXPECT_NEAR(std::exp(answer->baseline->gain.value), 1.2, 0.01);
  EXPECT_EQ(answer->baseline->verdict, BaselineGain::Verdict::kWorthHaving);
  EXPECT_EQ(VerdictFor(results, results[1].cell), BaselineGain::Verdict::kNone);
  EXPECT_EQ(VerdictFor(results, results[2].cell), BaselineGain::Verdict::kSameCell);
}

TEST(SweepAnswerTest, DoesNotClaimAGainThatSingleReadingsCannotShow) {
  const auto results = NoisyMachine(1, 0.001, 0.001).Sweep({295, 300}, 1, 1);
  EXPECT_EQ(VerdictFor(results, results[0].cell), BaselineGain::Verdict::kUnclear);
}

TEST(SweepAnswerTest, ComparesWithABaselineOutsideTheGridWithoutTakingItIn) {
  auto results = QuietSweep({300, 310});
  CellResult baseline;
  baseline.cell = {4096, 384};
  NoisyMachine(2, 0.002, 0.002).Measure(baseline, 320, 3, 2, SampleRole::kConfirm);
  results.push_back(baseline);
  const Grid grid{{{2048, 4096}}, {{512}}};
  const auto kept = WithoutForeignBaseline(results, baseline.cell, grid);
  ASSERT_EQ(kept.size(), 2U);
  AnswerOptions options;
  options.baseline = baseline.cell;
  const auto answer = AnswerSweep(kept, kRate, options, &baseline);
  EXPECT_EQ(answer->cells.size(), 2U);
  EXPECT_LT(answer->baseline->gain.value, 0) << "what the user has is better";
  EXPECT_EQ(WithoutForeignBaseline(results, results[0].cell, grid).size(), 3U);
}

TEST(SweepAnswerTest, FindsTheLargestContextThatHardlyLoses) {
  const auto results = QuietSweep({300, 295, 288, 270});
  AnswerOptions options;
  EXPECT_EQ(AnswerSweep(results, kRate, options)->largest_safe_context->estimate.cell.num_ctx,
            6144);
  options.max_loss = 0.02;
  const auto answer = AnswerSweep(results, kRate, options);
  EXPECT_EQ(answer->largest_safe_context->estimate.cell.num_ctx, 4096);
  EXPECT_NEAR(std::exp(answer->largest_safe_context->ratio.value), 295.0 / 300, 0.005);
}

TEST(SweepAnswerTest, ALargerContextThatReadsWorseIsUndecidedWhereItIsOfTheBestSet) {
  NoisyMachine machine(3, 0.0001, 0.0001);
  auto results = machine.Sweep({300, 300, 300, 280}, 3, 3);
  EXPECT_EQ(AnswerSweep(results, kRate)->largest_safe_context->undecided, std::nullopt)
      << "shown to lose more";
  results[3].samples.resize(2);
  for (std::size_t i = 0; i < 2; ++i) {
    results[3].samples[i].metrics.printed_prompt_eval_rate = i == 0 ? 400 : 195;
  }
  const auto answer = AnswerSweep(results, kRate);
  ASSERT_EQ(answer->best.recommended.cell.num_ctx, 8192) << "so noisy that anything may be";
  EXPECT_EQ(answer->largest_safe_context->estimate.cell.num_ctx, 6144);
  EXPECT_EQ(answer->largest_safe_context->undecided, 8192);
  SetGpuShare(results[0], 1);
  SetGpuShare(results[3], 0.9);
  EXPECT_EQ(AnswerSweep(results, kRate)->largest_safe_context->undecided, std::nullopt)
      << "partly on the CPU";
}

TEST(SweepAnswerTest, KeepsTheLargestSafeContextOnTheGpu) {
  auto results = QuietSweep({300, 300, 300, 300});
  for (CellResult& result : results) SetGpuShare(result, 1);
  SetGpuShare(results[3], 0.9);
  EXPECT_EQ(AnswerSweep(results, kRate)->largest_safe_context->estimate.cell.num_ctx, 6144);
  // With no more on the CPU than the smallest context has.
  for (CellResult& result : results) SetGpuShare(result, 0.5);
  EXPECT_EQ(AnswerSweep(results, kRate)->largest_safe_context->estimate.cell.num_ctx, 8192);
  SetGpuShare(results[3], 0.4);
  EXPECT_EQ(AnswerSweep(results, kRate)->largest_safe_context->estimate.cell.num_ctx, 6144);
}

TEST(SweepAnswerTest, FlagsARunFarFromTheOthersAndCountsIt) {
  auto results = QuietSweep({300, 300, 300, 300, 300});
  EXPECT_TRUE(AnswerSweep(results, kRate)->outliers.empty());
  const double before = AnswerSweep(results, kRate)->cells[2].log.value;
  results[2].samples[3].metrics.printed_prompt_eval_rate = 240;
  const auto answer = AnswerSweep(results, kRate);
  ASSERT_EQ(answer->outliers.size(), 1U);
  EXPECT_EQ(answer->outliers[0].sample_id, results[2].samples[3].id);
  EXPECT_NEAR(answer->outliers[0].ratio, 0.8, 0.01);
  EXPECT_LT(answer->cells[2].log.value, before - 0.02);
}

TEST(SweepAnswerTest, AStalledRunIsNamedAndNeitherMovesItsCellNorWidensAnyInterval) {
  NoisyMachine machine(5, 0.01, 0.01);
  auto results = machine.Sweep({300, 300, 300, 300, 300}, 3, 3);
  auto without = results;
  auto& samples = without[2].samples;
  samples.erase(samples.begin() + 4);
  results[2].samples[4].metrics.printed_prompt_eval_rate = 21;
  const auto answer = AnswerSweep(results, kRate);
  const auto expected = AnswerSweep(without, kRate);
  ASSERT_EQ(answer->outliers.size(), 1U);
  EXPECT_TRUE(answer->outliers[0].stalled);
  EXPECT_EQ(answer->outliers[0].sample_id, results[2].samples[4].id);
  EXPECT_EQ(answer->noise.run_deviation(), expected->noise.run_deviation());
  EXPECT_EQ(answer->cells[2].log.value, expected->cells[2].log.value);
}

TEST(SweepAnswerTest, TakesADriftOutOnlyWhenToldTo) {
  std::vector<CellResult> results(5);
  for (int i = 0; i < 5; ++i) {
    auto& result = results[static_cast<std::size_t>(i)];
    result.cell = {1024 * (i + 1), 512};
    for (int load = 0; load < 3; ++load) {
      const int minute = 20 * load + 4 * i;
      const double rate = 300 * std::exp(-0.004 * minute + 0.002 * ((i + load) % 3 - 1));
      AddLoad(result, 10 * i + load + 1, {rate},
              i == 0 ? SampleRole::kControl : SampleRole::kMeasure, minute);
    }
  }
  AddLoad(results[0], 99, {300 * std::exp(-0.004 * 60)}, SampleRole::kControl, 60);
  AddLoad(results[0], 100, {300 * std::exp(-0.004 * 70)}, SampleRole::kControl, 70);
  AnswerOptions options;
  const auto raw = AnswerSweep(results, kRate, options);
  ASSERT_TRUE(raw->drift);
  EXPECT_FALSE(raw->detrended);
  options.detrend = true;
  const auto straight = AnswerSweep(results, kRate, options);
  // The cells' own spread hides the drift from the noise that it is measured by.
  EXPECT_EQ(straight->detrended, CanDetrend(*straight->drift));
  EXPECT_TRUE(straight->drift->is_monotone);
}

}  // namespace
}  // namespace ollama_bench
