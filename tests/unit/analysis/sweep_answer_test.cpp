#include "ollama_bench/analysis/sweep_answer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "support/failed_visit.h"
#include "support/load_results.h"
#include "support/sample_tables.h"

namespace ollama_bench {
namespace {

constexpr Metric kRate = Metric::kPromptEvalRate;

std::vector<CellResult> QuietSweep(const std::vector<double>& rates) {
  return NoisyMachine(1, 0.002, 0.002).Sweep(rates, 5, 2);
}

void SetGpuShare(CellResult& result, double share) {
  for (Sample& sample : result.samples) {
    sample.size_bytes = 1'000'000;
    sample.size_vram_bytes = static_cast<std::int64_t>(share * 1'000'000);
  }
}

SweepAnswer AnswerFor(const std::vector<CellResult>& results, std::optional<Cell> current) {
  AnswerOptions options;
  options.current = current;
  return *AnswerSweep(results, kRate, options);
}

int SafeContextOf(const std::vector<CellResult>& results, const AnswerOptions& options = {}) {
  const auto answer = AnswerSweep(results, kRate, options);
  return answer->cells[answer->largest_safe_context->place].cell[Parameter::kNumCtx];
}

TEST(SweepAnswerTest, IsNoneWhereNoCellHasAValue) {
  EXPECT_FALSE(AnswerSweep({}, kRate));
  CellResult failed;
  AddFailure(failed, {});
  EXPECT_FALSE(AnswerSweep({failed}, kRate));
}

TEST(SweepAnswerTest, TellsWhatIsGainedOverTheCurrentSetting) {
  const auto results = QuietSweep({250, 299.7, 300});
  const SweepAnswer change = AnswerFor(results, results[0].cell);
  EXPECT_EQ(change.verdict, Verdict::kChange);
  EXPECT_NEAR(std::exp(change.gain->mean), 1.2, 0.01);
  EXPECT_GT(std::exp(change.gain->low), 1.18);
  EXPECT_EQ(change.more_loads, 0) << "it is decided";
  const SweepAnswer keep = AnswerFor(results, results[2].cell);
  EXPECT_EQ(keep.verdict, Verdict::kKeep);
  EXPECT_EQ(keep.recommended, keep.current);
  EXPECT_EQ(keep.gain->mean, 0);
}

TEST(SweepAnswerTest, DoesNotClaimAGainThatSingleReadingsCannotShow) {
  const auto results = NoisyMachine(1, 0.001, 0.001).Sweep({295, 300}, 1, 1);
  const SweepAnswer answer = AnswerFor(results, results[0].cell);
  EXPECT_EQ(answer.verdict, Verdict::kUndecided);
  EXPECT_FALSE(answer.reason.empty());
  EXPECT_GT(answer.more_loads, 0);
  EXPECT_FALSE(answer.more_s) << "nobody said how long a load takes";
  EXPECT_FALSE(answer.repeats);
  AnswerOptions options;
  options.current = results[0].cell;
  options.load_s = 30;
  EXPECT_EQ(AnswerSweep(results, kRate, options)->more_s, 30.0 * answer.more_loads);
}

TEST(SweepAnswerTest, AsksForNoMoreLoadsWhereThereIsOneCell) {
  const auto results = NoisyMachine(1, 0.001, 0.001).Sweep({300}, 1, 3);
  const SweepAnswer answer = AnswerFor(results, std::nullopt);
  EXPECT_EQ(answer.verdict, Verdict::kUndecided);
  EXPECT_EQ(answer.more_loads, 0) << "a race needs two";
  EXPECT_EQ(answer.cells[*answer.recommended].cell, results[0].cell);
}

TEST(SweepAnswerTest, ComparesWithACurrentSettingOutsideTheGridWithoutTakingItIn) {
  NoisyMachine machine(1, 0.002, 0.002);
  auto results = machine.Sweep({300, 310}, 5, 2);
  CellResult& current = results.emplace_back();
  current.cell = {4096, 384};
  machine.Measure(current, 320, 5, 2, SampleRole::kControl);
  AnswerOptions options;
  options.current = current.cell;
  options.planned = PairSpace({2048, 4096}, {512});
  EXPECT_EQ(OffGrid(options.current, options.planned), options.current);
  const auto answer = AnswerSweep(results, kRate, options);
  EXPECT_EQ(answer->cells.size(), 3U);
  EXPECT_EQ(answer->cells[answer->leader].cell, (Cell{4096, 512}));
  EXPECT_EQ(answer->verdict, Verdict::kKeep) << "what the user has is better";
  EXPECT_FALSE(answer->Find(current.cell)->is_eligible);
  EXPECT_EQ(answer->MeansAlong(Parameter::kNumBatch).size(), 1U)
      << "the means are those of the grid";
  EXPECT_EQ(OffGrid(results[0].cell, options.planned), std::nullopt);
  EXPECT_EQ(OffGrid(options.current, {}), std::nullopt) << "a grid that is not known holds all";
}

TEST(SweepAnswerTest, FindsTheLargestContextThatHardlyLoses) {
  const auto results = QuietSweep({300, 295, 288, 270});
  AnswerOptions options;
  EXPECT_EQ(SafeContextOf(results), 6144);
  options.max_loss = 0.025;
  EXPECT_EQ(SafeContextOf(results, options), 4096);
}

TEST(SweepAnswerTest, KeepsTheLargestSafeContextOnTheGpu) {
  auto results = QuietSweep({300, 300, 300, 300});
  for (CellResult& result : results) SetGpuShare(result, 1);
  SetGpuShare(results[3], 0.9);
  EXPECT_EQ(SafeContextOf(results), 6144);
  // With no more on the CPU than the smallest context has.
  for (CellResult& result : results) SetGpuShare(result, 0.5);
  EXPECT_EQ(SafeContextOf(results), 8192);
  SetGpuShare(results[3], 0.4);
  EXPECT_EQ(SafeContextOf(results), 6144);
}

TEST(SweepAnswerTest, FlagsARunFarFromTheOthersAndCountsIt) {
  auto results = QuietSweep({300, 300, 300, 300, 300});
  EXPECT_TRUE(AnswerSweep(results, kRate)->outliers.empty());
  const double before = AnswerSweep(results, kRate)->cells[2].value.mean;
  results[2].samples[3].metrics.printed_prompt_eval_rate = 240;
  const auto answer = AnswerSweep(results, kRate);
  ASSERT_EQ(answer->outliers.size(), 1U);
  EXPECT_EQ(answer->outliers[0].sample_id, results[2].samples[3].id);
  EXPECT_NEAR(answer->outliers[0].ratio, 0.8, 0.01);
  EXPECT_LT(answer->cells[2].value.mean, before);
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
  EXPECT_EQ(answer->run_deviation, expected->run_deviation);
  EXPECT_EQ(answer->cells[2].value.mean, expected->cells[2].value.mean);
  EXPECT_EQ(answer->cells[2].value.high, expected->cells[2].value.high);
}

TEST(SweepAnswerTest, TakesADriftOutAndSaysHowLargeItWas) {
  std::vector<CellResult> results(5);
  for (std::size_t i = 0; i < 5; ++i) results[i].cell = {1024 * static_cast<int>(i + 1), 512};
  std::mt19937 random(1);
  std::vector<std::size_t> order = {0, 1, 2, 3, 4};
  int minute = 0;
  for (int round = 0; round < 5; ++round) {
    std::shuffle(order.begin(), order.end(), random);
    for (const std::size_t place : order) {
      AddLoad(results[place], minute + 1, {300 * std::exp(-0.004 * minute)}, SampleRole::kMeasure,
              minute);
      ++minute;
    }
  }
  const auto answer = AnswerSweep(results, kRate);
  EXPECT_NEAR(answer->drift, std::expm1(0.096), 0.03);
  for (const CellStanding& standing : answer->cells) {
    EXPECT_NEAR(standing.against_leader.mean, 0, 0.01) << standing.cell[Parameter::kNumCtx];
  }
}

TEST(SweepAnswerTest, GivesNoAnswerWhereTheBlocksTurnAChangeRound) {
  std::vector<CellResult> results(2);
  results[0].cell = {2048, 512};
  results[1].cell = {4096, 512};
  NoisyMachine machine(1, 0.002, 0.002);
  for (int i = 0; i < 9; ++i) {
    machine.Measure(results[0], 300, 1, 1);
    machine.Measure(results[1], 360, 1, 1);
  }
  EXPECT_EQ(AnswerFor(results, results[0].cell).verdict, Verdict::kChange);
  for (int i = 0; i < 3; ++i) {
    machine.Measure(results[0], 300, 1, 1, SampleRole::kConfirm);
    machine.Measure(results[1], 280, 1, 1, SampleRole::kConfirm);
  }
  const SweepAnswer answer = AnswerFor(results, results[0].cell);
  EXPECT_EQ(answer.verdict, Verdict::kNoAnswer);
  EXPECT_FALSE(answer.recommended);
  EXPECT_FALSE(answer.gain);
  EXPECT_FALSE(answer.reason.empty());
}

TEST(SweepAnswerTest, IsUndecidedWhereNotEveryCellWasVisited) {
  const auto results = QuietSweep({250, 299.7, 300});
  AnswerOptions options;
  options.current = results[0].cell;
  options.planned = PairSpace({2048, 4096, 6144, 8192}, {512});
  EXPECT_EQ(AnswerSweep(results, kRate, options)->verdict, Verdict::kUndecided);
  options.total_cells = 3;
  EXPECT_EQ(AnswerSweep(results, kRate, options)->verdict, Verdict::kChange)
      << "a recording that lacks a cell";
  options.total_cells.reset();
  options.surface = SurfaceView{{6144, 512}, 0.01};
  EXPECT_EQ(AnswerSweep(results, kRate, options)->verdict, Verdict::kChange);
}

TEST(SweepAnswerTest, CellsOfAStartThatSharesNoneWithTheOthersAreNotCompared) {
  auto results = QuietSweep({300, 290, 600});
  for (std::size_t i = 0; i < 3; ++i) {
    VisitRecord visit;
    visit.id = "V" + std::to_string(i);
    visit.start = i == 2 ? "B" : "A";
    for (Sample& sample : results[i].samples) sample.visit = visit.id;
    results[i].visits.push_back(visit);
  }
  const SweepAnswer apart = AnswerFor(results, results[0].cell);
  EXPECT_EQ(apart.Find(results[2].cell), nullptr);
  EXPECT_EQ(apart.verdict, Verdict::kUndecided) << "not every cell is compared";
  EXPECT_NE(apart.recommended, std::nullopt);
}

TEST(SweepAnswerTest, TrustIsPoorAfterADisturbanceThatWasNotReplaced) {
  auto results = QuietSweep({250, 299.7, 300});
  EXPECT_EQ(AnswerFor(results, results[0].cell).trust, Trust::kGood);
  VisitRecord visit;
  visit.id = "V";
  visit.started = "2026-11-22T07:00:00+00:00";
  results[1].visits.push_back(visit);
  Sample disturbed = results[1].samples[0];
  disturbed.id = "D";
  disturbed.visit = visit.id;
  disturbed.load_id = 999;
  disturbed.started = visit.started;
  disturbed.disturbed = Disturbance{"cpu", 1.4, std::nullopt, std::nullopt};
  results[1].samples.push_back(disturbed);
  const SweepAnswer answer = AnswerFor(results, results[0].cell);
  EXPECT_EQ(answer.not_replaced, 1U);
  EXPECT_EQ(answer.trust, Trust::kPoor);
}

TEST(SweepAnswerTest, TheMeansOfARowThatIsSlowerThroughoutShowIt) {
  const auto [results, grid] = ReadCsvTable(ReadTestFile("nemotron_5gpu_sweep.csv"));
  AnswerOptions options;
  options.planned = SpaceOf(grid);
  const auto answer = AnswerSweep(results, kRate, options);
  ASSERT_EQ(answer->MeansAlong(Parameter::kNumBatch).front().value, 32);
  EXPECT_LT(answer->MeansAlong(Parameter::kNumBatch).front().against_best.high, -0.04);
  for (const CellStanding& standing : answer->cells) {
    if (standing.cell[Parameter::kNumBatch] == 32) {
      EXPECT_LT(standing.against_leader.high, -0.02);
    }
  }
}

TEST(SweepAnswerTest, SaysThatStartsWithoutASharedCellAreNotCompared) {
  auto results = QuietSweep({300, 250, 200});
  for (std::size_t i = 0; i < results.size(); ++i) {
    VisitRecord visit;
    visit.id = "V";
    visit.start = i < 2 ? "A" : "B";
    results[i].visits.push_back(visit);
    for (Sample& sample : results[i].samples) sample.visit = visit.id;
  }
  const SweepAnswer answer = AnswerFor(results, std::nullopt);
  EXPECT_EQ(answer.verdict, Verdict::kUndecided);
  EXPECT_NE(answer.reason.find("other starts"), std::string::npos) << answer.reason;
}

TEST(SweepAnswerTest, TheLargestSafeContextNeverFailedToLoadAndMayBeOnTheCpuAlone) {
  auto results = QuietSweep({300, 300, 300, 300});
  for (CellResult& result : results) SetGpuShare(result, 0);
  EXPECT_EQ(SafeContextOf(results), 8192);
  for (int i = 0; i < 9; ++i) AddLoad(results[3], 900 + i, {300}, SampleRole::kConfirm, 200 + i);
  AddFailure(results[3], {FailureKind::kRunnerCrash, "", {}, 1});
  EXPECT_EQ(SafeContextOf(results), 6144) << "it loads most of the time";
}

}  // namespace
}  // namespace ollama_bench
