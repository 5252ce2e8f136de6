#include "ollama_bench/cli/stored_sweep.h"

#include <gtest/gtest.h>

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
  EXPECT_EQ(BaselineCell(metadata), std::nullopt);
  metadata.baseline = Baseline{8192, std::nullopt, "Modelfile"};
  EXPECT_EQ(BaselineCell(metadata), (Cell{8192, 512})) << "of a release that is not known";
  metadata.identity.ollama_version = "0.11.4";
  EXPECT_EQ(BaselineCell(metadata), (Cell{8192, 512}));
  metadata.identity.ollama_version = "0.32.15";
  EXPECT_EQ(BaselineCell(metadata), (Cell{8192, 1024}));
  metadata.baseline->num_batch = 64;
  EXPECT_EQ(BaselineCell(metadata), (Cell{8192, 64}));
}

TEST(StoredSweepTest, PlansNothingWhereTheStoreDoesNotSayItsAxes) {
  Metadata metadata;
  metadata.num_ctx_range = "1024-3072:1024";
  metadata.num_batch_range = "nonsense";
  EXPECT_EQ(PlannedGrid(metadata), (Grid{{{1024, 2048, 3072}}, {}}));
}

}  // namespace
}  // namespace ollama_bench
