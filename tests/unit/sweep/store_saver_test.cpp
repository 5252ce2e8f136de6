#include "ollama_bench/sweep/store_saver.h"

#include <gtest/gtest.h>

#include <csignal>

#include "support/fake_clock.h"
#include "support/faulty_file_system.h"
#include "support/memory_file_system.h"
#include "support/recording_observer.h"

namespace ollama_bench {
namespace {

constexpr const char* kPath = "results.json";
constexpr const char* kNow = "2026-11-21T07:00:05+00:00";

class StoreSaverTest : public testing::Test {
 protected:
  StoreSaverTest() : store_(ResultsStore::Create(faulty_, kPath, {})) {
    AddSample("first");
    if (!saver_.Save()) throw std::runtime_error("save");
    AddSample("second");
  }

  void AddSample(std::string id) {
    Sample sample;
    sample.id = std::move(id);
    store_.AddSample({1024, 64}, std::move(sample), kNow);
  }
  std::size_t SamplesOnDisk() {
    const auto store = ResultsStore::Load(files_, kPath);
    return store ? store->Find({1024, 64})->samples.size() : 0;
  }

  MemoryFileSystem files_;
  FaultyFileSystem faulty_{files_};
  FakeClock clock_;
  RecordingObserver observer_;
  StopRequest stop_;
  ResultsStore store_;
  StoreSaver saver_{store_, clock_, observer_, stop_};
};

TEST_F(StoreSaverTest, WaitsForAnEditorThatIsJustWritingTheFile) {
  const std::string whole = files_.TextOf(kPath);
  files_.Save(kPath, whole.substr(0, whole.size() / 2));
  clock_.on_sleep = [&] { files_.Save(kPath, whole); };
  EXPECT_TRUE(saver_.Save());
  EXPECT_EQ(SamplesOnDisk(), 2U);
  EXPECT_TRUE(observer_.notices.empty());
}

TEST_F(StoreSaverTest, GivesUpOnAFileThatStaysDamagedAndLeavesItAlone) {
  const auto start = clock_.now;
  files_.Save(kPath, "half");
  const auto saved = saver_.Save();
  ASSERT_FALSE(saved);
  EXPECT_EQ(saved.error().kind, StoreError::Kind::kDamaged);
  EXPECT_EQ(files_.TextOf(kPath), "half");
  EXPECT_LE(clock_.now - start, std::chrono::seconds(2));
}

TEST_F(StoreSaverTest, SaysOnceThatTheDiskIsFullAndGoesOnWhenItIsNot) {
  faulty_.calls = 0;
  faulty_.fault = {0, /*for_good=*/true, ENOSPC, false};
  clock_.on_sleep = [&] {
    if (clock_.sleeps == 3) faulty_.fault = {};
  };
  EXPECT_TRUE(saver_.Save());
  EXPECT_EQ(SamplesOnDisk(), 2U);
  EXPECT_EQ(observer_.notices.size(), 1U);
}

TEST_F(StoreSaverTest, AStopEndsTheWaitingWithTheError) {
  faulty_.calls = 0;
  faulty_.fault = {0, /*for_good=*/true, ENOSPC, false};
  clock_.on_sleep = [&] { stop_.Request(SIGINT); };
  const auto saved = saver_.Save();
  ASSERT_FALSE(saved);
  EXPECT_EQ(saved.error().kind, StoreError::Kind::kIo);
}

}  // namespace
}  // namespace ollama_bench
