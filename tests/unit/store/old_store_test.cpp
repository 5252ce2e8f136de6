#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/store/results_store.h"
#include "support/memory_file_system.h"
#include "support/store_texts.h"

namespace ollama_bench {
namespace {

using Json = nlohmann::json;

constexpr const char* kPath = "results.json";
constexpr const char* kBackup = "results.json.bak-v0";
constexpr const char* kNow = "2026-11-21T07:00:05+00:00";

Sample SampleWithId(std::string id) {
  Sample sample;
  sample.id = std::move(id);
  return sample;
}

class OldStoreTest : public testing::Test {
 protected:
  OldStoreTest() { files_.Save(kPath, kOldStore); }

  ResultsStore Load() {
    auto store = ResultsStore::Load(files_, kPath);
    if (!store) throw std::runtime_error(store.error().message);
    return std::move(*store);
  }

  MemoryFileSystem files_;
};

TEST_F(OldStoreTest, ReadsASuccessAsOneSample) {
  const ResultsStore store = Load();
  const CellResult* result = store.Find({59392, 128});
  ASSERT_NE(result, nullptr);
  ASSERT_EQ(result->samples.size(), 1U);
  EXPECT_EQ(result->samples[0].metrics.printed_prompt_eval_rate, 121.33);
  EXPECT_EQ(result->samples[0].role, SampleRole::kMeasure);
  EXPECT_EQ(result->samples[0].load_id, 0);
  EXPECT_EQ(MedianPromptEvalRate(*result), 121.33);
  EXPECT_EQ(result->timestamp, "2025-12-23T20:29:17.123456");
}

TEST_F(OldStoreTest, ReadsAnErrorAsAFailure) {
  const ResultsStore store = Load();
  const CellResult* result = store.Find({92160, 128});
  ASSERT_NE(result, nullptr);
  EXPECT_TRUE(result->samples.empty());
  ASSERT_NE(FailureOf(*result), nullptr);
  EXPECT_EQ(*FailureOf(*result), (Failure{FailureKind::kGpuResourceAllocation,
                                          "CUDA resource allocation error", "", 1}));
  EXPECT_EQ(CountVisits(*result), (VisitCount{1, 1}));
}

TEST_F(OldStoreTest, GivesAnEntryTheSameIdHoweverItIsFormatted) {
  const std::string id = Load().Find({59392, 128})->samples[0].id;
  // FNV-1a of "59392 128 121.33 2025-12-23T20:29:17.123456". It is part of the format: merge knows
  // a sample by it.
  EXPECT_EQ(id, "old-fcc35f6455ece3c1");
  files_.Save(kPath, Json::parse(kOldStore).dump());
  EXPECT_EQ(Load().Find({59392, 128})->samples[0].id, id);
}

TEST_F(OldStoreTest, WhatItHoldsIsUnverifiedAndSaysSoWhereItsEntryIsWritten) {
  ResultsStore store = Load();
  EXPECT_TRUE(store.Find({59392, 128})->samples[0].unverified);
  store.MarkUnverified();
  ASSERT_TRUE(store.Commit());
  EXPECT_EQ(files_.TextOf(kPath), kOldStore) << "nothing to write";
  store.AddSample({59392, 128}, SampleWithId("01J"), kNow);
  ASSERT_TRUE(store.Commit());
  const Json file = Json::parse(files_.TextOf(kPath));
  EXPECT_EQ(file["results"][0]["samples"][0]["unverified"], true);
  EXPECT_FALSE(file["results"][0]["samples"][1].contains("unverified"));
  EXPECT_EQ(CountedSamples(*Load().Find({59392, 128})), 1);
  EXPECT_FALSE(file["results"][1].contains("visits")) << "an entry that is not touched stays";
}

TEST_F(OldStoreTest, SamplesOfAFileWithoutIdentityAreMarkedOnceAndForAll) {
  files_.Save(kPath, kStoreWithUnknownKeys);
  ResultsStore store = Load();
  store.MarkUnverified();
  store.AddSample({4096, 64}, SampleWithId("01J"), kNow);
  // Somebody edits the file at this moment: the marks are made again, the new sample is not marked.
  files_.Save(kPath, files_.TextOf(kPath) + "\n");
  ASSERT_TRUE(store.Commit());
  const ResultsStore again = Load();
  for (const CellResult& result : again.results()) {
    for (const Sample& sample : result.samples) {
      EXPECT_EQ(sample.unverified, result.cell != (Cell{4096, 64})) << sample.id;
    }
  }
}

TEST_F(OldStoreTest, KeepsTheOldSampleWhenANewOneComes) {
  ResultsStore store = Load();
  store.AddSample({59392, 128}, SampleWithId("01J"), kNow);
  ASSERT_TRUE(store.Commit());
  const ResultsStore again = Load();
  EXPECT_EQ(again.results(), store.results());
  EXPECT_EQ(again.Find({59392, 128})->samples.size(), 2U);
  EXPECT_EQ(Json::parse(files_.TextOf(kPath))["metadata"]["schema_version"], 1);
}

TEST_F(OldStoreTest, IsCopiedOnceBeforeTheFirstWrite) {
  ResultsStore store = Load();
  EXPECT_FALSE(files_.files.contains(kBackup));
  store.AddSample({1, 1}, SampleWithId("01J"), kNow);
  ASSERT_TRUE(store.Commit());
  EXPECT_EQ(files_.TextOf(kBackup), kOldStore);
  const FileStamp stamp = files_.files.at(kBackup)->stamp;
  store.AddSample({1, 1}, SampleWithId("01K"), kNow);
  ASSERT_TRUE(store.Commit());
  ResultsStore again = Load();
  again.AddSample({1, 1}, SampleWithId("01L"), kNow);
  ASSERT_TRUE(again.Commit());
  EXPECT_EQ(files_.files.at(kBackup)->stamp, stamp);
  EXPECT_EQ(files_.files.size(), 2U);
}

TEST_F(OldStoreTest, NeverOverwritesAnotherBackup) {
  files_.Save(kBackup, "something else");
  ResultsStore store = Load();
  store.AddSample({1, 1}, SampleWithId("01J"), kNow);
  ASSERT_TRUE(store.Commit());
  EXPECT_EQ(files_.TextOf(kBackup), "something else");
  EXPECT_EQ(files_.TextOf("results.json.bak-v0.2"), kOldStore);
}

TEST_F(OldStoreTest, KeepsItsOwnMetadata) {
  ResultsStore store = Load();
  EXPECT_EQ(store.metadata().total_tests, 624);
  EXPECT_EQ(store.metadata().across_range, "32768-110592:2048");
  EXPECT_EQ(store.metadata().identity, Identity{});
  Metadata metadata = store.metadata();
  metadata.store_id = "f3c1";
  store.SetMetadata(metadata);
  ASSERT_TRUE(store.Commit());
  const Json written = Json::parse(files_.TextOf(kPath))["metadata"];
  EXPECT_EQ(written["start_time"], "2025-12-22T20:29:17.123456");
  EXPECT_EQ(Load().metadata(), metadata);
}

}  // namespace
}  // namespace ollama_bench
