#include "ollama_bench/store/results_store.h"
#include "ollama_bench/core/cell_result.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/failed_visit.h"
#include "support/memory_file_system.h"
#include "support/random_store.h"
#include "support/seed.h"
#include "support/store_texts.h"

namespace ollama_bench {
namespace {

using Json = nlohmann::json;
using std::chrono::nanoseconds;

constexpr const char* kPath = "results.json";
constexpr const char* kNow = "2026-11-21T07:00:05+00:00";

ResultsStore MustLoad(FileSystem& files) {
  auto store = ResultsStore::Load(files, kPath);
  if (!store) throw std::runtime_error(store.error().message);
  return std::move(*store);
}

void MustCommit(ResultsStore& store) {
  const auto committed = store.Commit();
  ASSERT_TRUE(committed) << committed.error().message;
}

Sample SampleWithId(std::string id) {
  Sample sample;
  sample.id = std::move(id);
  sample.metrics.prompt_eval_count = 1000;
  sample.metrics.prompt_eval = nanoseconds(3'000'000'001);
  return sample;
}

TEST(ResultsStoreTest, ReadsBackWhatItWrote) {
  RandomValues random(PrintedSeed());
  for (int round = 0; round < 50; ++round) {
    MemoryFileSystem files;
    const bool has_axes = round % 2 == 0;
    const Metadata metadata = has_axes ? random.MakeMetadataOfSchema2() : random.MakeMetadata();
    ResultsStore store = ResultsStore::Create(files, kPath, metadata);
    std::vector<Cell> cells;
    for (int i = 0; i < 18; ++i) {
      cells.push_back(has_axes ? random.MakeCell() : Cell{1 + i % 6, 1 + i / 6});
    }
    for (int i = 0; i < 60; ++i) {
      const Cell cell = cells[static_cast<std::size_t>(random.Between(0, 17))];
      switch (random.Between(0, 4)) {
        case 0:
          store.SetVisit(cell, random.MakeVisit(std::to_string(i)), random.Text());
          break;
        case 1:
          store.SetAlias(cell, has_axes ? random.MakeCell() : Cell{7, 8}, random.Text());
          break;
        case 2:
          store.Remove(cell);
          break;
        default:
          store.AddSample(cell, random.MakeSample(std::to_string(i)), random.Text());
      }
      if (random.Chance(0.2)) MustCommit(store);
    }
    MustCommit(store);
    const ResultsStore again = MustLoad(files);
    ASSERT_EQ(again.results(), store.results());
    ASSERT_EQ(again.metadata(), metadata);
    for (const CellResult& result : store.results()) ASSERT_EQ(*again.Find(result.cell), result);
  }
}

TEST(ResultsStoreTest, KeepsEveryNanosecondOfADuration) {
  MemoryFileSystem files;
  ResultsStore store = ResultsStore::Create(files, kPath, {});
  RandomValues random(1);
  for (int i = 0; i < 5000; ++i) {
    Sample sample = SampleWithId(std::to_string(i));
    sample.wall = random.Duration();
    sample.create = nanoseconds(864'000'000'000'000 - i);  // the ten days that are allowed
    store.AddSample({1, 1}, sample, kNow);
  }
  MustCommit(store);
  ASSERT_EQ(MustLoad(files).results(), store.results());
}

TEST(ResultsStoreTest, WritesTheDocumentedShape) {
  MemoryFileSystem files;
  Metadata metadata;
  metadata.store_id = "f3c1";
  metadata.identity.model = "smollm2";
  metadata.starts = {{"01A", kNow, "rig"}};
  ResultsStore store = ResultsStore::Create(files, kPath, metadata);
  Sample sample = SampleWithId("01J");
  sample.load_id = 3;
  sample.metrics.printed_prompt_eval_rate = 333.33;
  store.AddSample({1024, 64}, sample, kNow);
  store.AddSample({1024, 64}, SampleWithId("01K"), kNow);
  sample = SampleWithId("01M");
  sample.visit = "01L";
  sample.load_id = 4294967296;
  sample.unverified = true;
  store.SetVisit({2048, 64}, {"01L", SampleRole::kControl, kNow, 4294967296, "01A", {}}, kNow);
  store.AddSample({2048, 64}, sample, kNow);
  store.SetVisit({92160, 128},
                 FailedVisit({FailureKind::kGpuResourceAllocation, "m", "t", 2}, "01N", kNow),
                 kNow);
  store.SetAlias({1024, 2048}, {1024, 1024}, "num_batch above num_ctx");
  MustCommit(store);
  EXPECT_EQ(files.TextOf(kPath), R"({
  "metadata": {
    "schema_version": 1,
    "store_id": "f3c1",
    "total_tests": 0,
    "identity": {"model": "smollm2"},
    "environment": {"gpus": [], "server_settings": {}, "server_is_local": true},
    "replayed": false,
    "mixed": false,
    "warnings": [],
    "starts": [{"id": "01A", "started": "2026-11-21T07:00:05+00:00", "host": "rig"}]
  },
  "results": [
    {"num_ctx": 1024, "num_batch": 64, "prompt_eval_rate": 333.333, "timestamp": "2026-11-21T07:00:05+00:00",
     "samples": [
       {"id": "01J", "load_id": 3, "role": "measure", "excluded": null, "prompt_eval_count": 1000, "prompt_eval_ms": 3000.000001, "prompt_eval_rate": 333.333, "printed_prompt_eval_rate": 333.33, "eval_rate": null, "attempt": 1},
       {"id": "01K", "load_id": 0, "role": "measure", "excluded": null, "prompt_eval_count": 1000, "prompt_eval_ms": 3000.000001, "prompt_eval_rate": 333.333, "eval_rate": null, "attempt": 1}]},
    {"num_ctx": 2048, "num_batch": 64, "prompt_eval_rate": 333.333, "timestamp": "2026-11-21T07:00:05+00:00",
     "visits": [
       {"id": "01L", "role": "control", "started": "2026-11-21T07:00:05+00:00", "load_id": 4294967296, "start": "01A"}],
     "samples": [
       {"id": "01M", "visit": "01L", "load_id": 4294967296, "role": "measure", "excluded": null, "prompt_eval_count": 1000, "prompt_eval_ms": 3000.000001, "prompt_eval_rate": 333.333, "eval_rate": null, "attempt": 1, "unverified": true}]},
    {"num_ctx": 92160, "num_batch": 128, "prompt_eval_rate": null, "error": "CUDA resource allocation error", "timestamp": "2026-11-21T07:00:05+00:00", "failure": {"kind": "gpu_resource_allocation", "message": "m", "output_tail": "t", "attempts": 2},
     "visits": [
       {"id": "01N", "role": "measure", "started": "2026-11-21T07:00:05+00:00", "load_id": 0, "failure": {"kind": "gpu_resource_allocation", "message": "m", "output_tail": "t", "attempts": 2}}]},
    {"num_ctx": 1024, "num_batch": 2048, "prompt_eval_rate": null, "alias_of": {"num_ctx": 1024, "num_batch": 1024}, "reason": "num_batch above num_ctx"}
  ]
}
)");
}

TEST(ResultsStoreTest, ADisturbedSampleIsKeptWithAllThatIsKnownAndNotInTheCellsRate) {
  MemoryFileSystem files;
  ResultsStore store = ResultsStore::Create(files, kPath, {});
  Sample clean = SampleWithId("A");
  clean.metrics.prompt_eval = std::chrono::seconds(10);
  Sample disturbed = SampleWithId("B");
  disturbed.disturbed = Disturbance{"cpu", 1.4, 12.5, 0.25};
  store.AddSample({1024, 64}, clean, kNow);
  store.AddSample({1024, 64}, disturbed, kNow);
  MustCommit(store);
  const Json entry = Json::parse(files.TextOf(kPath))["results"][0];
  EXPECT_EQ(entry["prompt_eval_rate"], 100);
  EXPECT_FALSE(entry["samples"][0].contains("disturbed"));
  EXPECT_TRUE(entry["samples"][1]["excluded"].is_null());
  EXPECT_EQ(entry["samples"][1]["disturbed"],
            Json::parse(R"({"cause": "cpu", "others_cpus": 1.4, "pressure_percent": 12.5,
                            "memory_pressure_percent": 0.25})"));
  EXPECT_EQ(MustLoad(files).results(), store.results());
}

TEST(ResultsStoreTest, KeepsUnknownKeysThroughChangesOfTheirEntries) {
  MemoryFileSystem files;
  files.Save(kPath, kStoreWithUnknownKeys);
  ResultsStore store = MustLoad(files);
  store.AddSample({1024, 64}, SampleWithId("C"), kNow);
  store.SetExclusion({1024, 64}, "A", Exclusion::kCached);
  VisitRecord visit = store.Find({92160, 128})->visits.at(0);
  visit.failure->kind = FailureKind::kTimeout;
  store.SetVisit({92160, 128}, visit, kNow);
  Metadata metadata = store.metadata();
  metadata.mixed = true;
  metadata.identity.driver = "cli";
  store.SetMetadata(metadata);
  MustCommit(store);

  const Json file = Json::parse(files.TextOf(kPath));
  EXPECT_EQ(file["charts"], Json::parse(R"({"theme": "dark"})"));
  EXPECT_EQ(file["metadata"]["note"], "mine");
  EXPECT_EQ(file["metadata"]["identity"],
            Json::parse(R"({"model": "smollm2", "driver": "cli", "quant": "Q4_K_M"})"));
  EXPECT_EQ(file["metadata"]["environment"]["room"], 12);
  const Json& entry = file["results"][0];
  EXPECT_EQ(entry["colour"], Json::parse(R"([1, {"a": 2.5}])"));
  EXPECT_EQ(entry["samples"].size(), 3U);
  EXPECT_EQ(entry["samples"][0]["fan"], "loud");
  EXPECT_EQ(entry["samples"][0]["excluded"], "cached");
  EXPECT_EQ(entry["samples"][1]["big"], 12345678901234567890U);
  EXPECT_EQ(file["results"][1]["failure"]["core"], "dump.7");
  EXPECT_EQ(file["results"][1]["error"], "Timeout");
  EXPECT_EQ(file["results"][1]["visits"].size(), 1U);
}

TEST(ResultsStoreTest, LeavesTheBytesOfUnchangedEntriesAlone) {
  MemoryFileSystem files;
  files.Save(kPath, kStoreWithUnknownKeys);
  ResultsStore store = MustLoad(files);
  store.AddSample({4096, 64}, SampleWithId("C"), kNow);
  MustCommit(store);
  const std::string before = kStoreWithUnknownKeys;
  const auto begin = before.find("{\"num_ctx\": 1024, \"num_batch\": 64");
  const auto end = before.find("\n  ],\n  \"charts\"");
  const std::string after = files.TextOf(kPath);
  const auto first_entry_end = before.find("{\"num_ctx\": 92160") - 6;
  EXPECT_NE(after.find(before.substr(begin, first_entry_end - begin)), std::string::npos);
  EXPECT_NE(after.find(before.substr(begin, end - begin)), std::string::npos) << after;
}

TEST(ResultsStoreTest, WritesNothingWhenNothingChanged) {
  MemoryFileSystem files;
  files.Save(kPath, kStoreWithUnknownKeys);
  ResultsStore store = MustLoad(files);
  store.SetExclusion({1024, 64}, "A", std::nullopt);
  store.SetExclusion({1024, 64}, "no such sample", Exclusion::kCached);
  store.Remove({5, 5});
  MustCommit(store);
  EXPECT_EQ(files.TextOf(kPath), kStoreWithUnknownKeys);
}

TEST(ResultsStoreTest, ACountedSampleEndsFailureAndAliasOfItsCell) {
  MemoryFileSystem files;
  files.Save(kPath, kStoreWithUnknownKeys);
  ResultsStore store = MustLoad(files);
  for (const Cell& cell : {Cell{92160, 128}, Cell{1024, 2048}}) {
    store.AddSample(cell, SampleWithId("C"), kNow);
    EXPECT_EQ(StatusOf(*store.Find(cell)), CellStatus::kMeasured);
    EXPECT_FALSE(store.Find(cell)->alias_of);
  }
  MustCommit(store);
  EXPECT_EQ(MustLoad(files).results(), store.results());
  const Json entry = Json::parse(files.TextOf(kPath))["results"][1];
  EXPECT_FALSE(entry.contains("error"));
  EXPECT_FALSE(entry.contains("failure"));
  EXPECT_EQ(entry["visits"][0]["failure"]["kind"], "out_of_memory") << "its visit keeps it";
}

TEST(ResultsStoreTest, ASampleIsNeverStoredTwice) {
  MemoryFileSystem files;
  ResultsStore store = ResultsStore::Create(files, kPath, {});
  store.AddSample({1, 1}, SampleWithId("C"), kNow);
  Sample later = SampleWithId("C");
  later.attempt = 7;
  store.AddSample({1, 1}, later, kNow);
  ASSERT_EQ(store.Find({1, 1})->samples, std::vector{later});
}

TEST(ResultsStoreTest, WritesOnlyWhatItCanReadAgain) {
  MemoryFileSystem files;
  ResultsStore store = ResultsStore::Create(files, kPath, {});
  Sample sample = SampleWithId("C\xFF");
  sample.metrics.total = nanoseconds(-5);
  sample.wall = std::chrono::hours(24 * 400);
  sample.metrics.printed_eval_rate = std::numeric_limits<double>::quiet_NaN();
  sample.metrics.printed_prompt_eval_rate = std::numeric_limits<double>::infinity();
  sample.size_bytes = -1;
  sample.attempt = -1;
  sample.load_id = -1;
  store.AddSample({1, 1}, sample, kNow);
  store.SetVisit({2, 2},
                 FailedVisit({FailureKind::kUnknown, "\x1b[2J", std::string(99'999, '\xC3'), 1}),
                 kNow);
  MustCommit(store);
  const ResultsStore again = MustLoad(files);
  EXPECT_EQ(again.Find({1, 1})->samples[0].metrics.prompt_eval, nanoseconds(3'000'000'001));
  EXPECT_FALSE(again.Find({1, 1})->samples[0].wall);
  EXPECT_EQ(*again.Find({2, 2}), *store.Find({2, 2}));
  EXPECT_EQ(FailureOf(*again.Find({2, 2}))->message, "\\x1b[2J");
  EXPECT_LE(FailureOf(*again.Find({2, 2}))->output_tail.size(), 8U * 1024);
}

TEST(ResultsStoreTest, ReportsAMissingFileAsMissing) {
  MemoryFileSystem files;
  const auto store = ResultsStore::Load(files, kPath);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().kind, StoreError::Kind::kMissing);
}

TEST(ResultsStoreTest, WarnsWhenItOutgrowsItsPurpose) {
  MemoryFileSystem files;
  ResultsStore store = ResultsStore::Create(files, kPath, {});
  for (int i = 0; i < 10'000; ++i) store.SetAlias({i + 1, 1}, {1, 1}, "");
  EXPECT_EQ(store.SizeWarning(), "");
  store.SetAlias({1, 2}, {1, 1}, "");
  EXPECT_NE(store.SizeWarning(), "");
}

}  // namespace
}  // namespace ollama_bench
