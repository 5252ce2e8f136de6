#include "ollama_bench/store/merge.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include <nlohmann/json.hpp>

#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/store/ulid.h"
#include "support/memory_file_system.h"
#include "support/random_store.h"
#include "support/store_texts.h"

namespace ollama_bench {
namespace {

using Json = nlohmann::json;

/// Makes stores that overlap as those of a divided sweep do: few cells, few ids, some of the ids
/// shared, with a hand-made edit here and there.
class RandomSweeps {
 public:
  RandomSweeps(MemoryFileSystem& files, unsigned seed) : files_(files), random_(seed) {}

  std::string Make(const std::string& name) {
    ResultsStore store = ResultsStore::Create(files_, name, MakeMetadata());
    for (auto i = random_.Between(0, 12); i > 0; --i) Change(store);
    EXPECT_TRUE(store.Commit());
    if (random_.Chance(0.5)) Edit(name);
    return name;
  }

 private:
  template <class T>
  T OneOf(std::initializer_list<T> values) {
    return *(values.begin() + random_.Between(0, std::ssize(values) - 1));
  }

  Metadata MakeMetadata() {
    Metadata metadata;
    metadata.store_id = OneOf<std::string>({"one", "two", "three"});
    metadata.start_time = OneOf<std::string>({"", "2026-11-20", "2026-11-21"});
    metadata.total_tests = random_.Between(0, 9);
    metadata.across_range = OneOf<std::string>({"", "1024-4096:1024", "1024,8192", "odd"});
    metadata.down_range = OneOf<std::string>({"64", "64,128"});
    metadata.identity.model = OneOf<std::string>({"", "smollm2", "qwen3"});
    metadata.identity.ollama_version = OneOf<std::string>({"", "0.11.4", "0.13.5", "0.32.15"});
    metadata.identity.num_predict = OneOf<std::optional<int>>({std::nullopt, 2, 128});
    metadata.environment.host = OneOf<std::string>({"", "rig", "laptop"});
    metadata.environment.gpus = OneOf<std::vector<std::string>>({{}, {"A"}, {"A", "A"}, {"B"}});
    metadata.environment.server_settings["OLLAMA_HOST"] = OneOf<std::string>({"x", "y"});
    metadata.replayed = random_.Chance(0.1);
    for (auto i = random_.Between(0, 2); i > 0; --i) {
      metadata.starts.push_back(
          {OneOf<std::string>({"x", "y", "z"}) + std::to_string(i), "", "rig"});
    }
    if (random_.Chance(0.3)) metadata.temporary_models = {{"mine", "sha256:1"}};
    if (random_.Chance(0.4)) MakeSchema2(metadata);
    return metadata;
  }

  void MakeSchema2(Metadata& metadata) {
    UpgradeToAxes(metadata);
    metadata.axes.clear();
    for (const Parameter parameter : {Parameter::kNumCtx, Parameter::kNumThread}) {
      if (random_.Chance(0.7)) {
        metadata.axes.push_back({parameter, OneOf<std::vector<int>>({{1}, {1, 4}, {2, 3}})});
      }
    }
    metadata.workload = OneOf<std::string>({"prefill", "prefill", "generate"});
  }

  std::string When() { return "2026-11-21T07:00:0" + std::to_string(random_.Between(0, 5)); }

  void Change(ResultsStore& store) {
    Cell cell{1024 * static_cast<int>(random_.Between(1, 3)), 64};
    if (store.metadata().schema_version == 2 && random_.Chance(0.5)) {
      cell.Set(Parameter::kNumThread, static_cast<int>(random_.Between(1, 2)));
    }
    if (random_.Chance(0.3)) {
      const std::int64_t number = random_.Between(1, 4);
      VisitRecord visit = random_.MakeVisit("V" + std::to_string(number));
      visit.load_id = kFirstUniqueLoad + number;
      store.SetVisit(cell, std::move(visit), When());
    } else if (random_.Chance(0.1)) {
      store.SetAlias(cell, {1024, 32}, "because");
    } else {
      Sample sample = random_.MakeSample("S" + std::to_string(random_.Between(1, 8)));
      sample.load_id = random_.Between(0, 2);
      store.AddSample(cell, std::move(sample), When());
    }
  }

  void Edit(const std::string& name) {
    Json json = Json::parse(files_.TextOf(name));
    json["metadata"]["note"] = random_.Between(0, 2);
    json["charts"] = {{OneOf<std::string>({"a", "b"}), random_.Between(0, 2)}};
    for (Json& entry : json["results"]) {
      if (random_.Chance(0.3)) entry["colour"] = random_.Between(0, 2);
      if (entry.contains("samples")) entry["samples"][0]["fan"] = random_.Between(0, 2);
      if (entry.contains("visits")) entry["visits"][0]["door"] = random_.Between(0, 2);
    }
    files_.Save(name, json.dump(1));
  }

  MemoryFileSystem& files_;
  RandomValues random_;
};

class MergeTest : public testing::Test {
 protected:
  // What the union of the files says, as a file of that name.
  std::string Merge(const std::vector<std::filesystem::path>& paths, const std::string& name) {
    const auto merged = MergeStores(files_, paths);
    if (!merged) {
      ADD_FAILURE() << merged.error().message;
      return name;
    }
    files_.Save(name, merged->text);
    return name;
  }
  [[nodiscard]] Json Read(const std::string& name) const {
    return Json::parse(files_.TextOf(name));
  }
  [[nodiscard]] const std::string& Text(const std::string& name) const {
    return files_.TextOf(name);
  }
  void Save(const std::string& name, const std::string& store_id, const Json& results) {
    const Json json = {{"metadata", {{"schema_version", 1}, {"store_id", store_id}}},
                       {"results", results}};
    files_.Save(name, json.dump());
  }
  static Json Entry(const std::vector<std::string>& ids, const std::string& when, int load = 1) {
    Json samples = Json::array();
    for (const std::string& id : ids)
      samples.push_back({{"id", id}, {"load_id", load}, {"role", "measure"}});
    return {{"num_ctx", 1024}, {"num_batch", 64}, {"timestamp", when}, {"samples", samples}};
  }

  MemoryFileSystem files_;
};

constexpr unsigned kSeed = 20261121;
constexpr int kTriples = 40;

TEST_F(MergeTest, TheOrderOfTheFilesDoesNotMatter) {
  RandomSweeps sweeps(files_, kSeed);
  for (int i = 0; i < kTriples; ++i) {
    const std::string a = sweeps.Make("a" + std::to_string(i));
    const std::string b = sweeps.Make("b" + std::to_string(i));
    ASSERT_EQ(Text(Merge({a, b}, "ab")), Text(Merge({b, a}, "ba"))) << Text(a) << Text(b);
  }
}

TEST_F(MergeTest, HowTheFilesAreGroupedDoesNotMatter) {
  RandomSweeps sweeps(files_, kSeed + 1);
  for (int i = 0; i < kTriples; ++i) {
    const std::string a = sweeps.Make("a" + std::to_string(i));
    const std::string b = sweeps.Make("b" + std::to_string(i));
    const std::string c = sweeps.Make("c" + std::to_string(i));
    const std::string all = Text(Merge({a, b, c}, "abc"));
    ASSERT_EQ(Text(Merge({Merge({a, b}, "ab"), c}, "(ab)c")), all) << Text(a) << Text(b) << Text(c);
    ASSERT_EQ(Text(Merge({a, Merge({b, c}, "bc")}, "a(bc)")), all) << Text(a) << Text(b) << Text(c);
  }
}

TEST_F(MergeTest, AFileMergedWithItselfOrWithAPartOfTheUnionAddsNothing) {
  RandomSweeps sweeps(files_, kSeed + 2);
  for (int i = 0; i < kTriples; ++i) {
    const std::string a = sweeps.Make("a" + std::to_string(i));
    const std::string b = sweeps.Make("b" + std::to_string(i));
    const std::string once = Text(Merge({a}, "once"));
    ASSERT_EQ(Text(Merge({a, a}, "twice")), once);
    const std::string both = Text(Merge({a, b}, "both"));
    ASSERT_EQ(Text(Merge({"both", a}, "again")), both) << Text(a) << Text(b);
    ASSERT_EQ(Text(Merge({"both", "both"}, "doubled")), both);
  }
}

TEST_F(MergeTest, EverySampleOfEveryFileIsThereOnceAndNoOther) {
  RandomSweeps sweeps(files_, kSeed + 3);
  const auto ids_of = [this](const std::string& name) {
    std::multiset<std::pair<Cell, std::string>> ids;
    const auto store = ResultsStore::Load(files_, name);
    for (const CellResult& result : store->results()) {
      for (const Sample& sample : result.samples) ids.emplace(result.cell, sample.id);
    }
    return ids;
  };
  for (int i = 0; i < kTriples; ++i) {
    const std::string a = sweeps.Make("a" + std::to_string(i));
    const std::string b = sweeps.Make("b" + std::to_string(i));
    std::set<std::pair<Cell, std::string>> wanted;
    for (const auto& name : {a, b}) {
      for (const auto& id : ids_of(name)) wanted.insert(id);
    }
    const auto merged = ids_of(Merge({a, b}, "ab"));
    ASSERT_TRUE(std::equal(merged.begin(), merged.end(), wanted.begin(), wanted.end()));
  }
}

TEST_F(MergeTest, TheBytesOfAFileMergedWithItselfStay) {
  auto store = ResultsStore::Create(files_, "a", Metadata());
  FillStore(store, 20, 3, kSeed);
  ASSERT_TRUE(store.Commit());
  const std::string before = Text("a");
  EXPECT_EQ(Text(Merge({"a", "a"}, "b")), before);
}

TEST_F(MergeTest, AFailedVisitTakesNoSampleAwayWhicheverCameFirst) {
  Json failed = Entry({}, "2026-11-21T07:00:05");
  failed["failure"] = {{"kind", "out_of_memory"}, {"message", "m"}, {"attempts", 1}};
  Save("failed", "x", Json::array({failed}));
  for (const char* when : {"2026-11-21T07:00:01", "2026-11-21T07:00:09"}) {
    Json good = Entry({"A"}, when);
    good["samples"][0]["printed_prompt_eval_rate"] = 100.0;
    Save("good", "x", Json::array({good}));
    const Json entry = Read(Merge({"failed", "good"}, "m"))["results"][0];
    EXPECT_FALSE(entry.contains("failure")) << when;
    EXPECT_EQ(entry["visits"][0]["failure"]["kind"], "out_of_memory") << when;
    const auto store = ResultsStore::Load(files_, "m");
    EXPECT_EQ(CountVisits(store->results()[0]), (VisitCount{2, 1})) << when;
    EXPECT_EQ(StatusOf(store->results()[0]), CellStatus::kMeasured) << when;
  }
}

TEST_F(MergeTest, LoadsOfDifferentSweepsDoNotBecomeOneLoad) {
  Save("a", "one", Json::array({Entry({"A", "B"}, "1", 1)}));
  Save("b", "two", Json::array({Entry({"C"}, "1", 1)}));
  const Json samples = Read(Merge({"a", "b"}, "m"))["results"][0]["samples"];
  ASSERT_EQ(samples.size(), 3U);
  EXPECT_EQ(samples[0]["load_id"], samples[1]["load_id"]);
  EXPECT_NE(samples[0]["load_id"], samples[2]["load_id"]);
}

TEST_F(MergeTest, LoadsOfOneSweepKeepTheirNumbers) {
  Save("a", "one", Json::array({Entry({"A"}, "1", 1)}));
  Save("b", "one", Json::array({Entry({"B"}, "1", 2)}));
  EXPECT_EQ(Read(Merge({"a", "b"}, "m"))["results"][0]["samples"][1]["load_id"], 2);
}

TEST_F(MergeTest, ASampleSetAsideInOneFileStaysSetAside) {
  Json excluded = Entry({"A"}, "1");
  excluded["samples"][0]["excluded"] = "cached";
  Save("a", "x", Json::array({excluded}));
  Save("b", "x", Json::array({Entry({"A"}, "2")}));
  EXPECT_EQ(Read(Merge({"a", "b"}, "m"))["results"][0]["samples"][0]["excluded"], "cached");
}

// One of the files was copied before the request for the decode rate was made.
TEST_F(MergeTest, ADecodeRateThatOneFileHasStays) {
  Json entry = Entry({"A"}, "1");
  entry["visits"] = {{{"id", "V"}, {"role", "measure"}, {"load_id", 1}}};
  Save("early", "x", Json::array({entry}));
  entry["visits"][0]["decode"] = {{"eval_count", 64}, {"eval_ms", 1260.0}};
  Save("late", "x", Json::array({entry}));
  for (const auto& files :
       std::vector<std::vector<std::filesystem::path>>{{"early", "late"}, {"late", "early"}}) {
    const Json visits = Read(Merge(files, "m"))["results"][0]["visits"];
    ASSERT_EQ(visits.size(), 1U);
    EXPECT_EQ(visits[0]["decode"], entry["visits"][0]["decode"]);
  }
}

TEST_F(MergeTest, KeysOfSomebodyElseSurviveAtEveryLevel) {
  files_.Save("a", kStoreWithUnknownKeys);
  files_.Save("b", R"({"metadata": {"schema_version": 1, "store_id": "other"}, "results": []})");
  Save("c", "f3c1", Json::array({Entry({"A", "D"}, "2027")}));
  const Json merged = Read(Merge({"a", "b", "c"}, "m"));
  EXPECT_EQ(merged["metadata"]["note"], "mine");
  EXPECT_EQ(merged["metadata"]["identity"]["quant"], "Q4_K_M");
  EXPECT_EQ(merged["metadata"]["environment"]["room"], 12);
  EXPECT_EQ(merged["charts"]["theme"], "dark");
  const Json& entry = merged["results"][0];
  EXPECT_EQ(entry["colour"], Json::parse(R"([1, {"a": 2.5}])"));
  EXPECT_EQ(entry["samples"].size(), 3U);
  EXPECT_EQ(entry["samples"][0]["fan"], "loud");
}

TEST_F(MergeTest, ADifferentIdentityIsAConflictThatNamesBothFiles) {
  files_.Save("a", R"({"metadata": {"schema_version": 1, "store_id": "1",
                       "identity": {"ollama_version": "0.11.4"}}, "results": []})");
  files_.Save("b", R"({"metadata": {"schema_version": 1, "store_id": "2",
                       "identity": {"ollama_version": "0.13.5"}}, "results": []})");
  const auto merged = MergeStores(files_, {"a", "b"});
  ASSERT_TRUE(merged);
  EXPECT_EQ(merged->conflicts,
            std::vector<std::string>{"ollama_version: a has 0.11.4, b has 0.13.5"});
  const Json metadata = Json::parse(merged->text)["metadata"];
  EXPECT_EQ(metadata["mixed"], true);
  EXPECT_EQ(metadata["identity"]["ollama_version"], "0.11.4 + 0.13.5");
}

TEST_F(MergeTest, AReplayIsNoSecondMeasurement) {
  files_.Save("a", R"({"metadata": {"replayed": true}, "results": []})");
  files_.Save("b", R"({"metadata": {}, "results": []})");
  EXPECT_EQ(MergeStores(files_, {"a", "b"})->conflicts,
            std::vector<std::string>{"replayed: a comes from a recording, b was measured"});
}

TEST_F(MergeTest, TwoFilesThatDisagreeBesideOneThatKnowsNothingAreAConflict) {
  files_.Save("a", R"({"metadata": {"identity": {"num_predict": 2}}, "results": []})");
  files_.Save("b", R"({"metadata": {}, "results": []})");
  files_.Save("c", R"({"metadata": {"identity": {"num_predict": 128}}, "results": []})");
  EXPECT_EQ(MergeStores(files_, {"a", "b", "c"})->conflicts.size(), 1U);
}

TEST_F(MergeTest, AxesAreUnited) {
  files_.Save("a", R"({"metadata": {"num_ctx_range": "1024-3072:1024", "num_batch_range": "64"},
                       "results": []})");
  files_.Save("b", R"({"metadata": {"num_ctx_range": "4096", "num_batch_range": "64,128"},
                       "results": []})");
  const Json metadata = Read(Merge({"a", "b"}, "m"))["metadata"];
  EXPECT_EQ(metadata["num_ctx_range"], "1024-4096:1024");
  EXPECT_EQ(metadata["num_batch_range"], "64-128:64");
  EXPECT_EQ(metadata["total_tests"], 8);
}

TEST_F(MergeTest, AFileOfAxesMakesAllOfThemSuchAndTheCellsOfBothStay) {
  files_.Save("pair", R"({"metadata": {"schema_version": 1, "store_id": "1",
                          "num_ctx_range": "1024-3072:1024", "num_batch_range": "64",
                          "identity": {"model": "m", "num_predict": 2}},
                          "results": [{"num_ctx": 1024, "num_batch": 64, "prompt_eval_rate": 5}]})");
  files_.Save("axes", R"({"metadata": {"schema_version": 2, "store_id": "2",
                          "axes": [{"name": "num_ctx", "values": [1024]},
                                   {"name": "num_thread", "values": [4, 8]}],
                          "workload": "prefill", "identity": {"model": "m"}},
                          "results": [{"num_ctx": 1024, "num_thread": 4, "prompt_eval_rate": 6}]})");
  const auto merged = MergeStores(files_, {"pair", "axes"});
  ASSERT_TRUE(merged);
  EXPECT_EQ(merged->conflicts, std::vector<std::string>());
  files_.Save("m", merged->text);
  const auto store = ResultsStore::Load(files_, "m");
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_EQ(store->metadata().schema_version, 2);
  EXPECT_EQ(store->metadata().axes, (std::vector<Axis>{{Parameter::kNumCtx, {1024, 2048, 3072}},
                                                       {Parameter::kNumBatch, {64}},
                                                       {Parameter::kNumThread, {4, 8}}}));
  EXPECT_EQ(store->metadata().total_tests, 6);
  EXPECT_EQ(store->metadata().across_range, "");
  EXPECT_NE(store->Find({1024, 64}), nullptr);
  EXPECT_NE(store->Find(Cell(1024, kAutoValue).With(Parameter::kNumThread, 4)), nullptr);
  EXPECT_EQ(store->results().size(), 2U);
}

TEST_F(MergeTest, WorkloadsThatDifferAreAConflict) {
  for (const char* one : {"prefill", "generate"}) {
    for (const char* other : {"prefill", "generate"}) {
      const auto save = [this](const std::string& name, const std::string& workload) {
        files_.Save(name, R"({"metadata": {"schema_version": 2, "store_id": ")" + name +
                              R"(", "workload": ")" + workload + R"("}, "results": []})");
      };
      save("a", one);
      save("b", other);
      EXPECT_EQ(MergeStores(files_, {"a", "b"})->conflicts.empty(), one == other)
          << one << ' ' << other;
    }
  }
  files_.Save("pair", R"({"metadata": {"schema_version": 1, "store_id": "1"}, "results": []})");
  EXPECT_EQ(MergeStores(files_, {"pair", "a"})->conflicts,
            std::vector<std::string>{"workload: pair has prefill, a has generate"});
}

TEST_F(MergeTest, TokensHeldForAllCellsBesideThoseOfEachAreAConflict) {
  files_.Save("held", R"({"metadata": {"schema_version": 1, "store_id": "1",
                          "identity": {"model": "m", "num_predict": 128}}, "results": []})");
  files_.Save("axes", R"({"metadata": {"schema_version": 2, "store_id": "2", "workload": "prefill",
                          "identity": {"model": "m"}}, "results": []})");
  EXPECT_EQ(MergeStores(files_, {"held", "axes"})->conflicts,
            std::vector<std::string>{"num_predict: held has 128 for all cells, axes has not"});
}

TEST_F(MergeTest, TemporaryModelsStayWithTheFileThatIsReplacedAlone) {
  const char* text = R"({"metadata": {"schema_version": 1, "store_id": "1",
                         "temporary_models": [{"name": "mine", "digest": "sha256:1"}]},
                         "results": []})";
  files_.Save("a", text);
  files_.Save("b", R"({"metadata": {"schema_version": 1}, "results": []})");
  EXPECT_FALSE(Read(Merge({"a", "b"}, "m"))["metadata"].contains("temporary_models"));
  const auto in_place = MergeStores(files_, {"b", "a"}, 1);
  EXPECT_EQ(Json::parse(in_place->text)["metadata"]["temporary_models"][0]["name"], "mine");
}

TEST_F(MergeTest, FilesOfTheOldScriptUniteWithNewOnes) {
  files_.Save("old", kOldStore);
  Save("new", "x", Json::array({Entry({"A"}, "2026")}));
  const Json merged = Read(Merge({"old", "new"}, "m"));
  EXPECT_EQ(merged["results"].size(), 3U);
  EXPECT_EQ(Text(Merge({"old", "m"}, "again")), Text("m"));
  EXPECT_TRUE(MergeStores(files_, {"old", "new"}, 0)->replaces_old_shape);
}

Json RatedEntry(int num_ctx, const std::string& id, double rate) {
  return {{"num_ctx", num_ctx},
          {"num_batch", 64},
          {"samples", {{{"id", id}, {"role", "measure"}, {"printed_prompt_eval_rate", rate}}}}};
}

TEST_F(MergeTest, SamplesOfAFileThatDoesNotSayWithWhatTheyWereMadeAreUnverified) {
  Save("unknown", "x", Json::array({RatedEntry(1024, "A", 100), RatedEntry(2048, "B", 100)}));
  const auto known = [&](const std::string& name, const Json& results) {
    const Json metadata = {{"schema_version", 1},
                           {"store_id", name},
                           {"identity",
                            {{"model", "m"},
                             {"model_digest", "sha256:1"},
                             {"prompt_sha256", "p"},
                             {"driver", "cli"},
                             {"ollama_version", "0.11.4"}}}};
    files_.Save(name, Json({{"metadata", metadata}, {"results", results}}).dump());
  };
  known("known", Json::array({RatedEntry(1024, "C", 50)}));
  known("rest", Json::array({RatedEntry(2048, "D", 60)}));
  const Json merged = Read(Merge({"unknown", "known"}, "m"));
  EXPECT_EQ(merged["metadata"]["mixed"], true);
  EXPECT_EQ(merged["metadata"]["unverified"], true);
  EXPECT_EQ(merged["results"][0]["prompt_eval_rate"], 50.0) << "the verified sample alone counts";
  EXPECT_EQ(merged["results"][1]["samples"][0]["unverified"], true);
  const Json whole = Read(Merge({"m", "rest"}, "w"));
  EXPECT_EQ(whole["metadata"]["mixed"], false) << "each cell has a verified sample now";
  EXPECT_FALSE(whole["metadata"].contains("unverified"));
  EXPECT_EQ(Text(Merge({"rest", "unknown", "known"}, "w2")), Text("w"));
}

TEST_F(MergeTest, WhatCannotBeReadIsNotMerged) {
  files_.Save("a", "{}");
  EXPECT_EQ(MergeStores(files_, {"a"}).error().kind, StoreError::Kind::kDamaged);
  EXPECT_EQ(MergeStores(files_, {"none"}).error().kind, StoreError::Kind::kMissing);
}

}  // namespace
}  // namespace ollama_bench
