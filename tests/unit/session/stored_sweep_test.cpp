#include "ollama_bench/session/stored_sweep.h"

#include <gtest/gtest.h>

#include "support/load_results.h"
#include "support/memory_file_system.h"
#include "support/pair.h"

namespace ollama_bench {
namespace {

TEST(StoredSweepTest, CountsEqualGpusAndFallsBackToTheCpu) {
  Metadata metadata;
  metadata.environment.cpu = "EPYC";
  EXPECT_EQ(MakeCaption(metadata).hardware, "EPYC");
  metadata.environment.gpus = {"RTX 3060", "RTX 3090", "RTX 3060"};
  EXPECT_EQ(MakeCaption(metadata).hardware, "2 x RTX 3060, RTX 3090");
}

TEST(StoredSweepTest, TakesTheDayOfTheStart) {
  Metadata metadata;
  EXPECT_EQ(MakeCaption(metadata).date, "");
  metadata.start_time = "2026-11-21T07:00:00+00:00";
  EXPECT_EQ(MakeCaption(metadata).date, "2026-11-21");
}

TEST(StoredSweepTest, TheBatchThatNobodyNamedIsTheReleasesOwnDefault) {
  Metadata metadata;
  const Space planned = PairSpace({2048, 4096}, {512});
  EXPECT_EQ(BaselineCell(metadata, planned), std::nullopt);
  metadata.baseline = Baseline{Cell().With(Parameter::kNumCtx, 8192), "Modelfile"};
  EXPECT_EQ(BaselineCell(metadata, planned), (Cell{8192, 512})) << "of a release that is not known";
  metadata.identity.ollama_version = "0.11.4";
  EXPECT_EQ(BaselineCell(metadata, planned), (Cell{8192, 512}));
  metadata.identity.ollama_version = "0.32.15";
  EXPECT_EQ(BaselineCell(metadata, planned), (Cell{8192, 1024}));
  metadata.baseline->cell.Set(Parameter::kNumBatch, 64);
  EXPECT_EQ(BaselineCell(metadata, planned), (Cell{8192, 64}));
}

/// A store of a 3 x 1 grid whose first `cells` cells have three loads each, and of a current
/// setting off the grid.
ResultsStore StoreOf(MemoryFileSystem& files, const std::vector<double>& rates) {
  Metadata metadata;
  metadata.across_range = "2048-6144:2048";
  metadata.down_range = "512";
  metadata.baseline = Baseline{{1024, 64}, "Modelfile"};
  ResultsStore store = ResultsStore::Create(files, "results.json", metadata);
  NoisyMachine machine(1, 0.001, 0.001);
  auto results = machine.Sweep(rates, 4, 1);
  results.emplace_back().cell = {1024, 64};
  machine.Measure(results.back(), 250, 4, 1, SampleRole::kControl);
  for (const CellResult& result : results) {
    for (Sample sample : result.samples) {
      sample.id += NameOf(result.cell);
      store.AddSample(result.cell, sample, sample.started);
    }
  }
  return store;
}

TEST(StoredSweepTest, TheCurrentSettingOffTheGridIsComparedWithButHasNoPlaceInTheTable) {
  MemoryFileSystem files;
  const ResultsStore store = StoreOf(files, {270, 300, 280});
  EXPECT_TRUE(WasWhollyVisited(store));
  const auto report = ReportOf(store, Metric::kPromptEvalRate);
  ASSERT_TRUE(report);
  ASSERT_EQ(report->tables.size(), 1U);
  EXPECT_EQ(report->tables[0].states.size(), 3U);
  ASSERT_EQ(report->answers.size(), 1U);
  EXPECT_EQ(report->answers[0].stratum, Cell());
  ASSERT_TRUE(report->answers[0].answer);
  const SweepAnswer& answer = *report->answers[0].answer;
  EXPECT_EQ(answer.verdict, Verdict::kChange);
  EXPECT_EQ(answer.cells[*answer.recommended].cell, (Cell{4096, 512}));
  EXPECT_EQ(answer.cells[*answer.current].cell, (Cell{1024, 64}));
  EXPECT_EQ(answer.options.current_source, "Modelfile");
  EXPECT_FALSE(answer.options.surface) << "every cell was visited";
}

TEST(StoredSweepTest, WhereCellsWereLeftOutTheSearchSaysWhatTheRestMayBe) {
  MemoryFileSystem files;
  const ResultsStore store = StoreOf(files, {270, 300});
  EXPECT_FALSE(WasWhollyVisited(store));
  const auto report = ReportOf(store, Metric::kPromptEvalRate);
  ASSERT_TRUE(report);
  const SweepAnswer& answer = *report->answers.at(0).answer;
  ASSERT_TRUE(answer.options.surface);
  EXPECT_EQ(answer.cells[answer.leader].cell, answer.options.surface->leader);
}

TEST(StoredSweepTest, PlansNothingWhereTheStoreDoesNotSayItsAxes) {
  Metadata metadata;
  metadata.across_range = "1024-3072:1024";
  metadata.down_range = "nonsense";
  EXPECT_EQ(PlannedSpace(metadata), Space());
}

TEST(StoredSweepTest, ADecodeRateNeedsCellsThatGenerateEnoughWhateverTheWorkload) {
  Metadata metadata;
  metadata.schema_version = 2;
  metadata.workload = "prefill";
  metadata.axes = {{Parameter::kNumPredict, {8, 64}}};
  EXPECT_TRUE(CheckMetric(Metric::kEvalRate, metadata));
  metadata.axes = {{Parameter::kNumPredict, {8, 16}}};
  EXPECT_FALSE(CheckMetric(Metric::kEvalRate, metadata));
}

}  // namespace
}  // namespace ollama_bench
