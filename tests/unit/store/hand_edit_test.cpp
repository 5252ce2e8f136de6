#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <nlohmann/json.hpp>

#include "ollama_bench/store/results_store.h"
#include "support/memory_file_system.h"
#include "support/random_store.h"
#include "support/seed.h"

namespace ollama_bench {
namespace {

using Json = nlohmann::json;

constexpr const char* kPath = "results.json";
constexpr const char* kNow = "2026-11-21T07:00:05+00:00";

Sample SampleWithId(std::string id) {
  Sample sample;
  sample.id = std::move(id);
  return sample;
}

// A store of three cells on disk, and somebody with an editor.
class HandEditTest : public testing::Test {
 protected:
  HandEditTest() : store_(ResultsStore::Create(files_, kPath, TestMetadata())) {
    for (const int num_ctx : {1, 2, 3}) {
      store_.AddSample({num_ctx, 1}, SampleWithId(fmt::format("S{}", num_ctx)), kNow);
    }
    if (!store_.Commit()) throw std::runtime_error("commit");
  }

  static Metadata TestMetadata() {
    Metadata metadata;
    metadata.store_id = "mine";
    metadata.identity.model = "smollm2";
    return metadata;
  }

  void Edit(const std::function<void(Json&)>& change, int indent = 2) {
    Json file = Json::parse(files_.TextOf(kPath));
    change(file);
    files_.Save(kPath, file.dump(indent));
  }

  ResultsStore Load() {
    auto store = ResultsStore::Load(files_, kPath);
    if (!store) throw std::runtime_error(store.error().message);
    return std::move(*store);
  }

  MemoryFileSystem files_;
  ResultsStore store_;
};

TEST_F(HandEditTest, ADeletedEntryStaysDeleted) {
  Edit([](Json& file) { file["results"].erase(1); });
  store_.AddSample({1, 1}, SampleWithId("new"), kNow);
  ASSERT_TRUE(store_.Commit());
  EXPECT_EQ(store_.Find({2, 1}), nullptr);
  EXPECT_EQ(Load().results(), store_.results());
  EXPECT_EQ(store_.Find({1, 1})->samples.size(), 2U);
}

TEST_F(HandEditTest, ADeletedEntryComesBackWithTheNewSampleAlone) {
  Edit([](Json& file) { file["results"].erase(1); });
  store_.AddSample({2, 1}, SampleWithId("new"), kNow);
  store_.SetExclusion({3, 1}, "S3", Exclusion::kClock);
  ASSERT_TRUE(store_.Commit());
  EXPECT_EQ(Load().Find({2, 1})->samples, std::vector{SampleWithId("new")});
  EXPECT_EQ(Load().Find({3, 1})->samples[0].excluded, Exclusion::kClock);
}

TEST_F(HandEditTest, AnExclusionDoesNotBringADeletedEntryBack) {
  store_.SetExclusion({2, 1}, "S2", Exclusion::kClock);
  Edit([](Json& file) { file["results"].erase(1); });
  ASSERT_TRUE(store_.Commit());
  EXPECT_EQ(Load().Find({2, 1}), nullptr);
}

TEST_F(HandEditTest, AddedEntriesAndKeysStay) {
  store_.AddSample({1, 1}, SampleWithId("new"), kNow);
  Edit([](Json& file) {
    file["results"].push_back(Json::parse(R"({"num_ctx": 9, "num_batch": 9, "mine": true})"));
    file["metadata"]["note"] = "hello";
    file["results"][0]["samples"][0]["note"] = "odd";
  });
  ASSERT_TRUE(store_.Commit());
  const Json file = Json::parse(files_.TextOf(kPath));
  EXPECT_EQ(file["metadata"]["note"], "hello");
  EXPECT_EQ(file["results"][3]["mine"], true);
  EXPECT_EQ(file["results"][0]["samples"][0]["note"], "odd");
  EXPECT_EQ(file["results"][0]["samples"].size(), 2U);
}

TEST_F(HandEditTest, ReformattingLosesNothing) {
  for (const int indent : {-1, 0, 4}) {
    const auto before = store_.results();
    Edit([](Json&) {}, indent);
    store_.AddSample({7, 7}, SampleWithId(std::to_string(indent)), kNow);
    ASSERT_TRUE(store_.Commit());
    const ResultsStore after = Load();
    for (const CellResult& result : before) {
      if (result.cell != Cell{7, 7}) {
        EXPECT_EQ(*after.Find(result.cell), result);
      }
    }
  }
  EXPECT_EQ(Load().Find({7, 7})->samples.size(), 3U);
}

TEST_F(HandEditTest, MetadataIsMergedKeyByKey) {
  Metadata metadata = store_.metadata();
  metadata.temporary_models = {{"ollama-bench-mine", ""}};
  metadata.identity.driver = "cli";
  store_.SetMetadata(metadata);
  Edit([](Json& file) {
    file["metadata"]["start_time"] = "edited";
    file["metadata"]["identity"]["model"] = "renamed";
  });
  ASSERT_TRUE(store_.Commit());
  for (const Metadata& merged : {store_.metadata(), Load().metadata()}) {
    EXPECT_EQ(merged.start_time, "edited");
    EXPECT_EQ(merged.identity.model, "renamed");
    EXPECT_EQ(merged.identity.driver, "cli");
    EXPECT_EQ(merged.temporary_models, metadata.temporary_models);
  }
}

TEST_F(HandEditTest, AValueThatWasClearedLeavesTheFile) {
  Metadata metadata = store_.metadata();
  metadata.temporary_models = {{"ollama-bench-mine", "sha256:1"}};
  store_.SetMetadata(metadata);
  ASSERT_TRUE(store_.Commit());
  metadata.temporary_models.clear();
  store_.SetMetadata(metadata);
  ASSERT_TRUE(store_.Commit());
  EXPECT_FALSE(Json::parse(files_.TextOf(kPath))["metadata"].contains("temporary_models"));
}

TEST_F(HandEditTest, ADamagedEditIsRefusedAndNotOverwritten) {
  files_.Save(kPath, "{\"metadata\": {},\n\"results\": [oops");
  store_.AddSample({7, 7}, SampleWithId("new"), kNow);
  for (int i = 0; i < 2; ++i) {
    const auto committed = store_.Commit();
    ASSERT_FALSE(committed);
    EXPECT_EQ(committed.error().kind, StoreError::Kind::kDamaged);
    EXPECT_EQ(files_.TextOf(kPath), "{\"metadata\": {},\n\"results\": [oops");
  }
  files_.Save(kPath, "{\"metadata\": {},\n\"results\": []}");
  ASSERT_TRUE(store_.Commit());
  EXPECT_EQ(Load().results().size(), 1U);
}

TEST_F(HandEditTest, ADeletedFileIsWrittenAgainWhole) {
  files_.files.clear();
  store_.AddSample({7, 7}, SampleWithId("new"), kNow);
  ASSERT_TRUE(store_.Commit());
  EXPECT_EQ(Load().results(), store_.results());
  EXPECT_EQ(Load().results().size(), 4U);
  EXPECT_EQ(Load().metadata(), store_.metadata());
}

TEST_F(HandEditTest, TheResultsOfAnotherSweepAreNotMixedIn) {
  Edit([](Json& file) { file["metadata"]["store_id"] = "another"; });
  const std::string other = files_.TextOf(kPath);
  store_.AddSample({7, 7}, SampleWithId("new"), kNow);
  const auto committed = store_.Commit();
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().kind, StoreError::Kind::kDamaged);
  EXPECT_EQ(files_.TextOf(kPath), other);
}

TEST_F(HandEditTest, ANewStoreDoesNotOverwriteAFileItNeverSaw) {
  const std::string before = files_.TextOf(kPath);
  ResultsStore other = ResultsStore::Create(files_, kPath, {});
  other.AddSample({7, 7}, SampleWithId("new"), kNow);
  const auto committed = other.Commit();
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().kind, StoreError::Kind::kIo);
  EXPECT_EQ(files_.TextOf(kPath), before);
  files_.files.clear();
  EXPECT_TRUE(other.Commit());
}

// Saves the file while it is being replaced: between the temporary file and the rename.
class BusyEditor : public MemoryFileSystem {
 public:
  Expected<FileStatus, IoError> Stat(const std::filesystem::path& path) override {
    if (edits_left > 0 && files.size() > 1) {
      --edits_left;
      Json file = Json::parse(TextOf(kPath));
      file["metadata"]["edit"] = edits_left;
      Save(kPath, file.dump());
    }
    return MemoryFileSystem::Stat(path);
  }
  int edits_left = 0;
};

TEST(HandEditRaceTest, AnEditDuringTheWriteIsTakenOver) {
  BusyEditor files;
  ResultsStore store = ResultsStore::Create(files, kPath, {});
  ASSERT_TRUE(store.Commit());
  files.edits_left = 3;
  store.AddSample({7, 7}, SampleWithId("new"), kNow);
  Metadata metadata;
  metadata.mixed = true;
  store.SetMetadata(metadata);
  ASSERT_TRUE(store.Commit());
  const Json file = Json::parse(files.TextOf(kPath));
  EXPECT_EQ(file["metadata"]["edit"], 0);
  EXPECT_EQ(file["metadata"]["mixed"], true);
  EXPECT_EQ(file["results"].size(), 1U);
}

TEST(HandEditRaceTest, GivesUpOnAFileThatChangesAllTheTime) {
  BusyEditor files;
  ResultsStore store = ResultsStore::Create(files, kPath, {});
  ASSERT_TRUE(store.Commit());
  files.edits_left = 1'000'000;
  store.AddSample({7, 7}, SampleWithId("new"), kNow);
  const auto committed = store.Commit();
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().kind, StoreError::Kind::kIo);
  files.edits_left = 0;
  EXPECT_TRUE(store.Commit());
}

TEST(HandEditPropertyTest, RandomEditsBetweenCommitsAreAllKept) {
  RandomValues random(PrintedSeed());
  MemoryFileSystem files;
  ResultsStore store = ResultsStore::Create(files, kPath, {});
  ASSERT_TRUE(store.Commit());
  // What must be in the file, by cell: the ids of its samples.
  std::map<Cell, std::vector<std::string>> expected;
  for (int i = 0; i < 300; ++i) {
    const Cell cell{static_cast<int>(random.Between(1, 8)), 1};
    Json file = Json::parse(files.TextOf(kPath));
    if (!file["results"].empty() && random.Chance(0.3)) {
      const auto index =
          static_cast<std::size_t>(random.Between(0, std::ssize(file["results"]) - 1));
      expected.erase({file["results"][index]["num_ctx"], 1});
      file["results"].erase(index);
      files.Save(kPath, file.dump(static_cast<int>(random.Between(-1, 4))));
    } else if (!expected.contains(cell) && random.Chance(0.3)) {
      file["results"].push_back({{"num_ctx", cell[Parameter::kNumCtx]},
                                 {"num_batch", 1},
                                 {"samples", {{{"id", "hand"}, {"role", "measure"}}}}});
      expected[cell] = {"hand"};
      files.Save(kPath, file.dump(1));
    }
    const Cell measured{static_cast<int>(random.Between(1, 8)), 1};
    store.AddSample(measured, random.MakeSample(std::to_string(i)), kNow);
    expected[measured].push_back(std::to_string(i));
    ASSERT_TRUE(store.Commit());
    std::map<Cell, std::vector<std::string>> found;
    const auto on_disk = ResultsStore::Load(files, kPath);
    ASSERT_TRUE(on_disk);
    for (const CellResult& result : on_disk->results()) {
      for (const Sample& sample : result.samples) found[result.cell].push_back(sample.id);
    }
    ASSERT_EQ(found, expected) << "round " << i;
  }
}

}  // namespace
}  // namespace ollama_bench
