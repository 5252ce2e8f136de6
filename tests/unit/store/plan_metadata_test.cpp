#include <gtest/gtest.h>

#include "ollama_bench/store/results_store.h"
#include "support/memory_file_system.h"
#include "support/pair.h"
#include "support/random_store.h"

namespace ollama_bench {
namespace {

constexpr const char* kPath = "results.json";

bool IsPair(const Space& space) {
  return space.axes.size() == 2 && space.Find(Parameter::kNumCtx) != nullptr &&
         space.Find(Parameter::kNumBatch) != nullptr;
}

TEST(PlanMetadataTest, ThePlanThatIsWrittenDownIsReadBackWhateverItsAxes) {
  RandomValues random(1);
  int of_pair = 0;
  for (int round = 0; round < 400; ++round) {
    const Space space =
        round % 4 == 0 ? PairSpace({7, 1024, 2048}, {64 + round, 1}) : Space{random.MakeAxes()};
    const WorkloadKind workload = round % 3 == 0 ? WorkloadKind::kGenerate : WorkloadKind::kPrefill;
    Metadata metadata;
    SetPlan(metadata, space, workload, 17);
    EXPECT_EQ(PlannedSpace(metadata), space);
    EXPECT_EQ(WorkloadOf(metadata), workload);
    EXPECT_EQ(metadata.total_tests, 17);
    const bool fits_schema_1 = IsPair(space) && workload == WorkloadKind::kPrefill;
    EXPECT_EQ(metadata.schema_version, fits_schema_1 ? 1 : 2);
    of_pair += fits_schema_1 ? 1 : 0;
    MemoryFileSystem files;
    ResultsStore store = ResultsStore::Create(files, kPath, metadata);
    ASSERT_TRUE(store.Commit());
    const auto again = ResultsStore::Load(files, kPath);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->metadata(), metadata);
  }
  EXPECT_GT(of_pair, 0);
}

TEST(PlanMetadataTest, WhatOnceHadAxesStaysSo) {
  Metadata metadata;
  SetPlan(metadata, {{{Parameter::kNumThread, {4, 8}}}}, WorkloadKind::kPrefill, 2);
  SetPlan(metadata, PairSpace({1024}, {64}), WorkloadKind::kPrefill, 1);
  EXPECT_EQ(metadata.schema_version, 2);
  EXPECT_EQ(PlannedSpace(metadata), PairSpace({1024}, {64}));
  EXPECT_EQ(metadata.across_range, "");
}

TEST(PlanMetadataTest, AnUpgradeKeepsThePlanAndIsMadeOnce) {
  Metadata metadata;
  SetPlan(metadata, PairSpace({1024, 4096}, {64, 128}), WorkloadKind::kPrefill, 4);
  metadata.identity.model = "m";
  metadata.identity.prompt_tokens = 261;
  metadata.identity.num_predict = Describe(WorkloadKind::kPrefill).num_predict;
  const Metadata before = metadata;
  UpgradeToAxes(metadata);
  EXPECT_EQ(PlannedSpace(metadata), PlannedSpace(before));
  EXPECT_EQ(WorkloadOf(metadata), WorkloadKind::kPrefill);
  EXPECT_EQ(metadata.total_tests, 4);
  EXPECT_EQ(metadata.identity.num_predict, std::nullopt) << "the workload takes it by itself";
  EXPECT_EQ(metadata.identity.model, "m");
  EXPECT_EQ(metadata.identity.prompt_tokens, 261);
  const Metadata once = metadata;
  UpgradeToAxes(metadata);
  EXPECT_EQ(metadata, once);
}

TEST(PlanMetadataTest, AnUpgradeKeepsTokensThatAreNotTheWorkloadsOwn) {
  Metadata metadata;
  metadata.identity.num_predict = 128;
  UpgradeToAxes(metadata);
  EXPECT_EQ(metadata.identity.num_predict, 128);
}

TEST(PlanMetadataTest, APairIsWrittenAsOlderVersionsReadIt) {
  MemoryFileSystem files;
  Metadata metadata;
  metadata.store_id = "f3c1";
  metadata.baseline = Baseline{Cell().With(Parameter::kNumCtx, 4096), "Modelfile"};
  SetPlan(metadata, PairSpace({1024, 2048, 3072}, {64, 512}), WorkloadKind::kPrefill, 6);
  ResultsStore store = ResultsStore::Create(files, kPath, metadata);
  store.SetAlias({1024, 2048}, {1024, 1024}, "num_batch above num_ctx");
  ASSERT_TRUE(store.Commit());
  EXPECT_EQ(files.TextOf(kPath), R"({
  "metadata": {
    "schema_version": 1,
    "store_id": "f3c1",
    "total_tests": 6,
    "num_ctx_range": "1024-3072:1024",
    "num_batch_range": "64-512:448",
    "identity": {},
    "environment": {"gpus": [], "server_settings": {}, "server_is_local": true},
    "replayed": false,
    "mixed": false,
    "baseline": {"num_ctx": 4096, "source": "Modelfile"},
    "warnings": []
  },
  "results": [
    {"num_ctx": 1024, "num_batch": 2048, "prompt_eval_rate": null, "alias_of": {"num_ctx": 1024, "num_batch": 1024}, "reason": "num_batch above num_ctx"}
  ]
}
)");
}

TEST(PlanMetadataTest, OtherParametersAreWrittenInTheDocumentedShape) {
  MemoryFileSystem files;
  Metadata metadata;
  metadata.store_id = "f3c1";
  const Space space{{{Parameter::kUseMmap, {1, 0}}, {Parameter::kNumThread, {4, 8}}}};
  SetPlan(metadata, space, WorkloadKind::kGenerate, 4);
  ResultsStore store = ResultsStore::Create(files, kPath, metadata);
  const Cell cell = Cell().With(Parameter::kUseMmap, 1).With(Parameter::kNumThread, 4);
  store.SetAlias(cell.With(Parameter::kNumGpu, 0), cell, "why");
  store.SetAlias(Cell(), cell, "why");
  ASSERT_TRUE(store.Commit());
  EXPECT_EQ(files.TextOf(kPath), R"({
  "metadata": {
    "schema_version": 2,
    "store_id": "f3c1",
    "total_tests": 4,
    "axes": [{"name": "use_mmap", "values": [true, false]}, {"name": "num_thread", "values": [4, 8]}],
    "workload": "generate",
    "identity": {},
    "environment": {"gpus": [], "server_settings": {}, "server_is_local": true},
    "replayed": false,
    "mixed": false,
    "warnings": []
  },
  "results": [
    {"num_gpu": 0, "num_thread": 4, "use_mmap": true, "prompt_eval_rate": null, "alias_of": {"num_thread": 4, "use_mmap": true}, "reason": "why"},
    {"prompt_eval_rate": null, "alias_of": {"num_thread": 4, "use_mmap": true}, "reason": "why"}
  ]
}
)");
  const auto again = ResultsStore::Load(files, kPath);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->results(), store.results());
}

TEST(PlanMetadataTest, AxesThatMakeNoSenseAreRefused) {
  for (const char* axes :
       {R"({"num_thread": [4]})", R"([{"name": "num_threads", "values": [4]}])",
        R"([{"name": "num_thread", "values": []}])", R"([{"name": "num_thread", "values": [0]}])",
        R"([{"name": "num_thread", "values": ["4"]}])", R"([{"name": "num_thread"}])",
        R"([{"values": [4]}])", R"([{"name": "use_mmap", "values": [1]}])",
        R"([{"name": "num_thread", "values": [true]}])",
        R"([{"name": "num_thread", "values": [4, 4]}])",
        R"([{"name": "num_thread", "values": [4]}, {"name": "num_thread", "values": [8]}])"}) {
    MemoryFileSystem files;
    files.Save(kPath, R"({"metadata": {"schema_version": 2, "axes": )" + std::string(axes) +
                          R"(}, "results": []})");
    const auto store = ResultsStore::Load(files, kPath);
    ASSERT_FALSE(store) << axes;
    EXPECT_EQ(store.error().kind, StoreError::Kind::kDamaged) << axes;
  }
}

TEST(PlanMetadataTest, TheBaselineMayHaveAnyParameters) {
  RandomValues random(3);
  for (int round = 0; round < 50; ++round) {
    MemoryFileSystem files;
    Metadata metadata = random.MakeMetadataOfSchema2();
    metadata.baseline = Baseline{random.MakeCell(), "Modelfile"};
    ResultsStore store = ResultsStore::Create(files, kPath, metadata);
    ASSERT_TRUE(store.Commit());
    const auto again = ResultsStore::Load(files, kPath);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->metadata().baseline, metadata.baseline);
  }
}

}  // namespace
}  // namespace ollama_bench
