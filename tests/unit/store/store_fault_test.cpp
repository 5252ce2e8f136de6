#include <gtest/gtest.h>

#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>

#include "ollama_bench/store/results_store.h"
#include "support/faulty_file_system.h"
#include "support/memory_file_system.h"
#include "support/random_store.h"
#include "support/store_texts.h"

namespace ollama_bench {
namespace {

constexpr const char* kPath = "results.json";
constexpr const char* kBackup = "results.json.bak-v0";
constexpr const char* kNow = "2026-11-21T07:00:05+00:00";

using Results = std::vector<CellResult>;

std::optional<Results> ResultsIn(MemoryFileSystem& files) {
  if (!files.files.contains(kPath)) return std::nullopt;
  const auto store = ResultsStore::Load(files, kPath);
  if (!store) throw std::runtime_error("half a file: " + store.error().message);
  return store->results();
}

// What is done to a store whose next Commit meets a fault.
struct Scenario {
  std::function<void(MemoryFileSystem&)> prepare;
  std::function<ResultsStore(FileSystem&)> open;
  bool edited_meanwhile = false;
  bool migrates = false;
};

struct Outcome {
  bool committed = false;
  bool happened = false;
};

// One run of the scenario, with everything that must hold whatever the fault is.
Outcome RunWith(const Scenario& scenario, const Fault& fault) {
  MemoryFileSystem files;
  scenario.prepare(files);
  const auto before = ResultsIn(files);
  FaultyFileSystem faulty(files);
  ResultsStore store = scenario.open(faulty);
  RandomValues random(1);
  store.AddSample({4096, 64}, random.MakeSample("new"), kNow);
  if (scenario.edited_meanwhile) files.Save(kPath, files.TextOf(kPath) + "\n");

  faulty.calls = 0;
  faulty.fault = fault;
  const auto committed = store.Commit();
  const bool happened = faulty.Happened();
  const auto after = ResultsIn(files);
  EXPECT_TRUE(after == before || after == store.results()) << "neither old nor new";
  if (committed) {
    EXPECT_EQ(after, store.results());
  } else {
    EXPECT_EQ(committed.error().kind, StoreError::Kind::kIo);
    EXPECT_FALSE(committed.error().message.empty());
    EXPECT_EQ(store.Find({4096, 64})->samples.size(), 1U) << "the pending change is lost";
  }
  if (files.files.contains(kBackup)) {
    EXPECT_EQ(files.TextOf(kBackup), kOldStore);
  }

  faulty.fault = Fault{};
  store.AddSample({4096, 64}, random.MakeSample("newer"), kNow);
  const auto retried = store.Commit();
  EXPECT_TRUE(retried) << retried.error().message;
  EXPECT_EQ(ResultsIn(files), store.results());
  EXPECT_EQ(store.Find({4096, 64})->samples.size(), 2U);
  EXPECT_EQ(files.files.size(), scenario.migrates ? 2U : 1U) << "something is left behind";
  return {committed.has_value(), happened};
}

// Lets every call of a Commit fail in turn, in every way.
void RunAll(const Scenario& scenario) {
  int runs = 0;
  for (const int error : {EIO, ENOSPC, EINTR, EACCES, Fault::kShortWrite}) {
    for (const bool for_good : {false, true}) {
      for (const bool after_effect : {false, true}) {
        for (int call = 0;; ++call) {
          SCOPED_TRACE(testing::Message() << "error " << error << " call " << call << " for good "
                                          << for_good << " after effect " << after_effect);
          const Outcome outcome = RunWith(scenario, {call, for_good, error, after_effect});
          ++runs;
          if (!outcome.happened) break;
          const bool harmless =
              error == Fault::kShortWrite || (error == EINTR && !for_good && !after_effect);
          if (harmless) {
            EXPECT_TRUE(outcome.committed);
          }
          if (testing::Test::HasFailure()) return;
        }
      }
    }
  }
  std::cout << runs << " faults\n";
  EXPECT_GT(runs, 100);
}

ResultsStore LoadStore(FileSystem& files) {
  auto store = ResultsStore::Load(files, kPath);
  if (!store) throw std::runtime_error(store.error().message);
  return std::move(*store);
}

TEST(StoreFaultTest, AStoreSurvivesEveryFaultOfEveryCall) {
  RunAll({[](MemoryFileSystem& files) { files.Save(kPath, kStoreWithUnknownKeys); }, LoadStore});
}

TEST(StoreFaultTest, ANewStoreSurvivesEveryFaultOfEveryCall) {
  RunAll({[](MemoryFileSystem&) {},
          [](FileSystem& files) { return ResultsStore::Create(files, kPath, {}); }});
}

TEST(StoreFaultTest, AnEditedStoreSurvivesEveryFaultOfEveryCall) {
  RunAll({[](MemoryFileSystem& files) { files.Save(kPath, kStoreWithUnknownKeys); }, LoadStore,
          /*edited_meanwhile=*/true});
}

TEST(StoreFaultTest, AMigrationSurvivesEveryFaultOfEveryCall) {
  RunAll({[](MemoryFileSystem& files) { files.Save(kPath, kOldStore); }, LoadStore,
          /*edited_meanwhile=*/false, /*migrates=*/true});
}

TEST(StoreFaultTest, SyncsTheTextBeforeTheRenameAndTheFolderAfterIt) {
  MemoryFileSystem files;
  files.Save(kPath, kStoreWithUnknownKeys);
  FaultyFileSystem traced(files);
  ResultsStore store = LoadStore(traced);
  store.Remove({1024, 64});
  traced.trace.clear();
  ASSERT_TRUE(store.Commit());
  EXPECT_EQ(traced.trace,
            (std::vector<std::string>{"Stat", "ResolveLinks", "Stat", "CreateNew", "Write", "Sync",
                                      "Stat", "Rename", "SyncFolder"}));
}

TEST(StoreFaultTest, LoadingReportsEveryFault) {
  MemoryFileSystem files;
  files.Save(kPath, kStoreWithUnknownKeys);
  FaultyFileSystem faulty(files);
  for (int call = 0;; ++call) {
    faulty.calls = 0;
    faulty.fault = {call, /*for_good=*/true, EIO, false};
    const auto store = ResultsStore::Load(faulty, kPath);
    if (!faulty.Happened()) break;
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().kind, StoreError::Kind::kIo);
  }
}

TEST(StoreFaultTest, TakesOverTheTemporaryFileOfAKilledRun) {
  MemoryFileSystem files;
  files.Save(kPath, kStoreWithUnknownKeys);
  files.Save(".results.json.ollama-bench-tmp", "half");
  ResultsStore store = LoadStore(files);
  store.Remove({1024, 64});
  ASSERT_TRUE(store.Commit());
  EXPECT_EQ(files.files.size(), 1U);
  EXPECT_EQ(ResultsIn(files), store.results());
}

}  // namespace
}  // namespace ollama_bench
