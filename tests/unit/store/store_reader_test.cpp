#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "ollama_bench/store/results_store.h"
#include "support/memory_file_system.h"
#include "support/random_store.h"
#include "support/share.h"
#include "support/store_texts.h"

namespace ollama_bench {
namespace {

using Json = nlohmann::json;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

constexpr const char* kPath = "results.json";

Expected<ResultsStore, StoreError> LoadText(MemoryFileSystem& files, std::string text) {
  files.Save(kPath, std::move(text));
  return ResultsStore::Load(files, kPath);
}

StoreError ErrorOf(std::string text) {
  MemoryFileSystem files;
  auto store = LoadText(files, std::move(text));
  if (store) return {StoreError::Kind::kIo, "accepted"};
  return store.error();
}

// A file around one entry, which stands on line 3.
std::string WithEntry(const std::string& entry) {
  return "{\"metadata\": {\"schema_version\": 1},\n\"results\": [\n" + entry + "\n]}\n";
}

std::string WithSample(const std::string& members) {
  return WithEntry(R"({"num_ctx": 1, "num_batch": 1, "samples": [{"id": "A", "role": "measure", )" +
                   members + "}]}");
}

class DamagedStoreTest : public testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(Schemas, DamagedStoreTest,
                         testing::Values(kStoreWithUnknownKeys, kStoreOfAxes),
                         [](const auto& text) {
                           return "Schema" + std::to_string(text.index + 1);
                         });

TEST_P(DamagedStoreTest, CutAtAnyByteIsRefusedOrReadWhole) {
  MemoryFileSystem files;
  const std::string text = GetParam();
  const auto whole = LoadText(files, text);
  ASSERT_TRUE(whole) << whole.error().message;
  for (std::size_t length = 0; length < text.size(); ++length) {
    const auto store = LoadText(files, text.substr(0, length));
    if (store) {
      ASSERT_EQ(store->results(), whole->results()) << length;
      ASSERT_EQ(store->metadata(), whole->metadata()) << length;
    } else {
      ASSERT_EQ(store.error().kind, StoreError::Kind::kDamaged) << length;
      ASSERT_THAT(store.error().message, ContainsRegex("^results.json:[0-9]+: ")) << length;
    }
  }
}

TEST_P(DamagedStoreTest, AFlippedBitIsRefusedOrChangesOneValueAlone) {
  MemoryFileSystem files;
  const std::string text = GetParam();
  const Json before = Json::parse(text);
  const auto whole = LoadText(files, text);
  ASSERT_TRUE(whole);
  int accepted = 0;
  for (std::size_t bit = 0; bit < 8 * text.size(); ++bit) {
    std::string flipped = text;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    const auto store = LoadText(files, flipped);
    if (!store) continue;
    ++accepted;
    // A key of somebody else's that is renamed is one removal and one addition.
    ASSERT_LE(Json::diff(before, Json::parse(flipped)).size(), 2U) << "bit " << bit;
    ASSERT_EQ(store->results().size(), whole->results().size()) << "bit " << bit;
    int different = store->metadata() == whole->metadata() ? 0 : 1;
    for (std::size_t i = 0; i < whole->results().size(); ++i) {
      const CellResult& result = store->results()[i];
      if (!(result == whole->results()[i])) ++different;
      ASSERT_EQ(result.samples.size(), whole->results()[i].samples.size()) << "bit " << bit;
    }
    ASSERT_LE(different, 1) << "bit " << bit;
  }
  EXPECT_GT(accepted, 0);
}

// No flip reaches beyond the value that it hits.
void FlipBitsOf(const std::string& text) {
  MemoryFileSystem files;
  const auto store = LoadText(files, text);
  ASSERT_TRUE(store);
  const std::vector<CellResult> whole = store->results();
  const Metadata metadata = store->metadata();
  const std::size_t step = FullCountsWanted() ? 1 : 401;
  int tried = 0;
  int edits = 0;
  int without_effect = 0;
  for (std::size_t bit = 0; bit < 8 * text.size(); bit += step) {
    ++tried;
    std::string flipped = text;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    const auto read = LoadText(files, std::move(flipped));
    if (!read) {
      ASSERT_FALSE(read.error().message.empty());
      continue;
    }
    ASSERT_EQ(read->results().size(), whole.size()) << "bit " << bit;
    int different = read->metadata() == metadata ? 0 : 1;
    for (std::size_t i = 0; i < whole.size(); ++i) {
      different += read->results()[i] == whole[i] ? 0 : 1;
    }
    ASSERT_LE(different, 1) << "bit " << bit;
    ++(different == 0 ? without_effect : edits);
  }
  std::cout << tried << " of " << 8 * text.size()
            << " bits flipped: " << tried - edits - without_effect << " refused, " << edits
            << " read as an edit of one value, " << without_effect << " without effect\n";
  EXPECT_GT(edits, 0);
}

// Twenty cells as a sweep writes them.
TEST(BitFlipLongTest, AnyFlippedBitOfTwentyCellsIsRefusedOrChangesOneEntryAlone) {
  MemoryFileSystem files;
  ResultsStore store = ResultsStore::Create(files, kPath, {});
  FillStore(store, 20, 1, 1);
  ASSERT_TRUE(store.Commit());
  FlipBitsOf(files.TextOf(kPath));
}

TEST(BitFlipLongTest, AnyFlippedBitOfTwentyCellsOfAnyParametersDoesTheSame) {
  MemoryFileSystem files;
  RandomValues random(2);
  ResultsStore store = ResultsStore::Create(files, kPath, random.MakeMetadataOfSchema2());
  std::vector<Cell> cells;
  for (int i = 0; i < 20; ++i) cells.push_back(random.MakeCell());
  FillStore(store, cells, 1, 1);
  ASSERT_TRUE(store.Commit());
  FlipBitsOf(files.TextOf(kPath));
}

TEST(StoreReaderTest, NamesLineAndReasonOfWhatIsWrong) {
  const std::string good = R"({"num_ctx": 1, "num_batch": 1})";
  const std::pair<std::string, std::string> cases[] = {
      {WithEntry(R"({"num_batch": 1})"), R"(results.json:3: "num_ctx" is missing)"},
      {WithEntry(R"({"num_ctx": 1})"), R"(results.json:3: "num_batch" is missing)"},
      {WithEntry(R"({"num_ctx": -1, "num_batch": 1})"),
       R"(3: "num_ctx" is not a whole number from 1 to 1073741824)"},
      {WithEntry(R"({"num_ctx": 1.5, "num_batch": 1})"), R"(3: "num_ctx" is not a whole number)"},
      {WithEntry(R"({"num_ctx": "1", "num_batch": 1})"), R"(3: "num_ctx" is not a whole number)"},
      {WithEntry(R"({"num_ctx": 2000000000, "num_batch": 1})"),
       "not a whole number from 1 to 1073741824"},
      {WithEntry(R"({"num_ctx": 18446744073709551615, "num_batch": 1})"),
       "is not a whole number from"},
      {WithEntry(good + ",\n" + good), "4: num_ctx=1 num_batch=1 has a second entry"},
      {WithEntry("7"), "3: an element of \"results\" is not an object"},
      {WithEntry(R"({"num_ctx": 1, "num_batch": 1, "prompt_eval_rate": -4})"), "out of range"},
      {WithEntry(R"({"num_ctx": 1, "num_batch": 1, "prompt_eval_rate": 1e999})"), "3: number over"},
      {WithEntry(R"({"num_ctx": 1, "num_batch": 1, "prompt_eval_rate": NaN})"), "3: syntax error"},
      {WithEntry("{\"num_ctx\": 1, \"num_batch\": 1, \"note\": \"\xFF\"}"), "3: syntax error"},
      {WithEntry(R"({"num_ctx": 1, "num_ctx": 1, "num_batch": 1})"),
       R"(3: the key "num_ctx" is there twice)"},
      {WithEntry(R"({"num_ctx": 1, "num_batch": 1, "sampels": []})") + "x", "5: syntax error"},
      {WithEntry(R"({"num_ctx": 1, "num_batch": 1, "samplez": []})"),
       R"(3: "samplez" is almost "samples")"},
      {WithEntry(R"({"num_ctx": 1, "num_batch": 1, "alias_of": {"num_ctx": 1}})"),
       R"("alias_of num_batch" is missing)"},
      {WithEntry(R"({"num_ctx": 1, "num_batch": 1, "failure": {}})"), R"("kind" is missing)"},
      {WithEntry(R"({"num_ctx": 1, "num_batch": 1, "failure": {"kind": "x"}})"), "no kind"},
      {WithSample(R"("attempt": 1.5)"), R"("attempt" is not a whole number)"},
      {WithSample(R"("load_id": -1)"), R"("load_id" is not between)"},
      {WithSample(R"("excluded": "why")"), R"("excluded" is no reason)"},
      {WithSample(R"("wall_ms": 1e12)"), R"("wall_ms" is not between 0 and 10 days)"},
      {WithSample(R"("wall_ms": "5")"), R"("wall_ms" is not a number)"},
      {WithEntry("{\"num_ctx\": 1, \"num_batch\": 1, \"samples\": [\n{\"id\": \"A\"}]}"),
       R"(results.json:4: "role" is missing)"},
      {WithEntry(R"({"num_ctx": 1, "num_batch": 1, "samples": [
        {"id": "A", "role": "measure"},
        {"id": "A", "role": "measure"}]})"),
       R"(results.json:5: "id" A is there twice in one entry)"},
      {"[]", "results.json:1: the file is not a JSON object"},
      {"{}", R"(there is no "metadata")"},
      {R"({"metadata": {}, "results": {}})", R"("results" is not a list)"},
      {R"({"metadata": [], "results": []})", R"("metadata" is not an object)"},
      {R"({"metadata": {"identity": {"model": 5}}, "results": []})",
       R"(metadata: "identity": "model" is not a text)"},
      {R"({"metadata": {"schema_version": 0}, "results": []})", "schema_version"},
      {R"({"metadata": {"temporary_models": [5]}, "results": []})", "temporary_models"},
      {"", "results.json:1: the file is empty"},
      {"\n \n", "results.json:1: the file is empty"},
      {std::string(100, '\0'), "results.json:1: syntax error"},
  };
  for (const auto& [text, reason] : cases) {
    const StoreError error = ErrorOf(text);
    EXPECT_EQ(error.kind, StoreError::Kind::kDamaged) << text;
    EXPECT_THAT(error.message, HasSubstr(reason)) << text;
    EXPECT_THAT(error.message, StartsWith("results.json:"));
    EXPECT_THAT(error.message, HasSubstr("move the file away"));
  }
}

TEST(StoreReaderTest, BoundsTheDepth) {
  for (const std::string open : {"[", "{\"a\":"}) {
    std::string text = R"({"metadata": {}, "results": [], "x": )";
    for (int i = 0; i < 1'000'000; ++i) text += open;
    EXPECT_THAT(ErrorOf(text).message, HasSubstr("more than 32 levels deep"));
  }
}

TEST(StoreReaderTest, RefusesANewerSchemaWhateverElseItHolds) {
  for (const std::string text :
       {R"({"metadata": {"schema_version": 3, "identity": 5}, "results": [{"cell": [1, 2]}]})",
        R"({"results": [{"cell": [1, 2]}], "metadata": {"schema_version": 99}})",
        R"({"metadata": {"schema_version": 4}, "cells": {}})"}) {
    EXPECT_EQ(ErrorOf(text).kind, StoreError::Kind::kNewerSchema);
  }
}

TEST(StoreReaderTest, ReadsPartsInAnyOrderAndNullAsAbsent) {
  MemoryFileSystem files;
  const auto store = LoadText(files, R"({"results": [
    {"samples": null, "failure": null, "timestamp": null, "num_batch": 2, "num_ctx": 1}],
    "metadata": {"identity": null, "schema_version": 1}})");
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_EQ(store->results(), std::vector{(CellResult{{1, 2}, {}, {}, {}, "", ""})});
}

TEST(StoreReaderTest, GivesASampleWithoutIdOneOfItsContent) {
  MemoryFileSystem files;
  const auto first = LoadText(
      files, WithEntry(R"({"num_ctx": 1, "num_batch": 1, "samples": [{"role": "measure"}]})"));
  const auto again = LoadText(
      files, WithEntry(R"({"num_batch": 1, "num_ctx": 1, "samples": [ {"role" : "measure"} ]})"));
  ASSERT_TRUE(first && again);
  EXPECT_EQ(first->results(), again->results());
  EXPECT_FALSE(first->results()[0].samples[0].id.empty());
}

TEST(StoreReaderTest, MakesHostileTextPrintable) {
  MemoryFileSystem files;
  const auto store =
      LoadText(files, WithEntry(R"({"num_ctx": 1, "num_batch": 1, "reason": "\u001b[2J\u202e"})"));
  ASSERT_TRUE(store);
  EXPECT_EQ(store->results()[0].reason, "\\x1b[2J\\u202e");
}

}  // namespace
}  // namespace ollama_bench
