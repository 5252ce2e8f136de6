#include "ollama_bench/sweep/replay_driver.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "ollama_bench/core/metric.h"
#include "support/failed_visit.h"
#include "support/pair.h"

namespace ollama_bench {
namespace {

using std::chrono::milliseconds;

const Cell kFast{1024, 64};
const Cell kFull{2048, 64};
const Cell kAlias{1024, 128};
const Cell kUnknown{4096, 64};

Sample Timed(std::int64_t tokens, milliseconds duration) {
  Sample sample;
  sample.metrics.prompt_eval_count = tokens;
  sample.metrics.prompt_eval = duration;
  sample.metrics.total = duration + milliseconds(400);
  sample.wall = duration + milliseconds(500);
  sample.effective_context = 1024;
  sample.size_bytes = 1000;
  sample.size_vram_bytes = 250;
  return sample;
}

CellResult Entry(const Cell& cell, std::vector<Sample> samples) {
  CellResult result;
  result.cell = cell;
  result.samples = std::move(samples);
  return result;
}

std::vector<CellResult> Recorded() {
  Sample warm_up = Timed(10, milliseconds(1));
  warm_up.role = SampleRole::kWarmUp;
  Sample cached = Timed(300, milliseconds(10));
  cached.excluded = Exclusion::kCached;
  std::vector<CellResult> results = {
      Entry(kFast, {warm_up, cached, Timed(300, milliseconds(1000)), Timed(300, milliseconds(1500)),
                    Timed(300, milliseconds(750))}),
      Entry(kFull, {}), Entry(kAlias, {}), Entry({8192, 64}, {}), Entry({8192, 128}, {cached})};
  AddFailure(results[1], {FailureKind::kOutOfMemory, "no room", {}, 2});
  results[2].alias_of = kFast;
  AddFailure(results[3], {FailureKind::kServerUnavailable, "gone", {}, 1});
  return results;
}

class ReplayDriverTest : public testing::Test {
 protected:
  std::vector<double> Rates(const Cell& cell, int runs, ReplayOptions options) {
    ReplayDriver driver(recording_, {}, options);
    EXPECT_TRUE(driver.Prepare(cell));
    std::vector<double> rates;
    for (int i = 0; i < runs; ++i) {
      rates.push_back(PromptEvalRate(driver.Run("anything")->metrics).value());
    }
    return rates;
  }

  Recording recording_{Recorded()};
};

TEST_F(ReplayDriverTest, WithoutNoiseGivesTheCountedSamplesInTurn) {
  const std::vector<double> rates = Rates(kFast, 4, {});
  const std::vector<double> expected = {300, 200, 400, 300};
  ASSERT_EQ(rates.size(), expected.size());
  for (std::size_t i = 0; i < rates.size(); ++i) EXPECT_DOUBLE_EQ(rates[i], expected[i]);
}

TEST_F(ReplayDriverTest, AnAliasAnswersAsTheCellItStandsFor) {
  EXPECT_EQ(Rates(kAlias, 3, {}), Rates(kFast, 3, {}));
}

TEST_F(ReplayDriverTest, NoiseIsLogNormalAroundTheMedian) {
  constexpr int kRuns = 20'000;
  constexpr double kNoise = 0.05;
  std::vector<double> logs = Rates(kFast, kRuns, {kNoise, 7, 0});
  for (double& value : logs) value = std::log(value / 300.0);
  const double mean = std::accumulate(logs.begin(), logs.end(), 0.0) / kRuns;
  double squares = 0;
  for (const double value : logs) squares += (value - mean) * (value - mean);
  const double deviation = std::sqrt(squares / (kRuns - 1));
  // Five standard errors; the seed is fixed.
  EXPECT_NEAR(mean, 0.0, 5 * kNoise / std::sqrt(kRuns));
  EXPECT_NEAR(deviation, kNoise, 5 * kNoise / std::sqrt(2.0 * kRuns));
}

TEST_F(ReplayDriverTest, TheSameSeedGivesTheSameAnswersAndAnotherGivesOthers) {
  EXPECT_EQ(Rates(kFast, 10, {0.02, 1, 0}), Rates(kFast, 10, {0.02, 1, 0}));
  EXPECT_NE(Rates(kFast, 10, {0.02, 1, 0}), Rates(kFast, 10, {0.02, 2, 0}));
}

TEST_F(ReplayDriverTest, GoingOnDrawsWhatTheFirstStartWouldHaveDrawnNext) {
  std::vector<double> whole = Rates(kFast, 10, {0.02, 1, 0});
  const std::vector<double> rest = Rates(kFast, 6, {0.02, 1, 4});
  EXPECT_EQ(std::vector<double>(whole.begin() + 4, whole.end()), rest);
}

TEST_F(ReplayDriverTest, AFailureFailsAgainTheSameWayAndAnUnknownCellIsNotRecorded) {
  ReplayDriver driver(recording_, {}, {});
  EXPECT_EQ(driver.Prepare(kFull).error().kind, FailureKind::kOutOfMemory);
  EXPECT_EQ(driver.Prepare(kFull).error().message, "no room");
  EXPECT_EQ(driver.Prepare(kUnknown).error().kind, FailureKind::kNotRecorded);
}

TEST_F(ReplayDriverTest, DurationsFollowTheRateAndTheLoadedModelIsTheRecordedOne) {
  ReplayDriver driver(recording_, {}, {0.1, 3, 0});
  ASSERT_TRUE(driver.Prepare(kFast));
  const RunReport report = *driver.Run("");
  const auto rest = *report.metrics.total - *report.metrics.prompt_eval;
  EXPECT_EQ(rest, milliseconds(400));
  EXPECT_EQ(report.wall - *report.metrics.total, milliseconds(100));
  EXPECT_EQ(driver.Loaded()->size_vram_bytes, 250);
  EXPECT_EQ(driver.Loaded()->context, 1024);
}

TEST_F(ReplayDriverTest, AnOldEntryWithAPrintedRateAloneIsReplayedAsOne) {
  Sample old;
  old.metrics.printed_prompt_eval_rate = 83.34;
  const Recording recording({Entry(kFast, {old})});
  ReplayDriver driver(recording, {}, {});
  ASSERT_TRUE(driver.Prepare(kFast));
  const RunMetrics metrics = driver.Run("")->metrics;
  EXPECT_EQ(metrics, old.metrics);
}

TEST_F(ReplayDriverTest, WhatTellsNothingOfACellIsNoRecord) {
  EXPECT_EQ(recording_.Axes(), PairSpace({1024, 2048}, {64, 128}));
  EXPECT_EQ(recording_.Select({kUnknown, kFull, {8192, 64}, {8192, 128}, kFast}),
            (std::vector<Cell>{kFull, kFast}));
}

}  // namespace
}  // namespace ollama_bench
