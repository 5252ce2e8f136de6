#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "ollama_bench/store/results_store.h"
#include "support/random_store.h"
#include "support/store_texts.h"
#include "support/temporary_folder.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

constexpr const char* kNow = "2026-11-21T07:00:05+00:00";

Sample SampleWithId(std::string id) {
  Sample sample;
  sample.id = std::move(id);
  return sample;
}

TEST(StoreOnDiskTest, AnEditInPlaceAndOneByReplacementAreBothNoticed) {
  const TemporaryFolder folder;
  PosixFileSystem files;
  folder.Write("results.json", kStoreWithUnknownKeys);
  auto store = ResultsStore::Load(files, folder / "results.json");
  ASSERT_TRUE(store);
  folder.Write("results.json", R"({"metadata": {"store_id": "f3c1"}, "results": []})");
  store->AddSample({1, 1}, SampleWithId("a"), kNow);
  ASSERT_TRUE(store->Commit());
  EXPECT_EQ(store->results().size(), 1U);
  folder.Write("new", R"({"metadata": {"store_id": "f3c1"}, "results": []})");
  fs::rename(folder / "new", folder / "results.json");
  store->AddSample({2, 2}, SampleWithId("b"), kNow);
  ASSERT_TRUE(store->Commit());
  ASSERT_EQ(store->results().size(), 1U);
  EXPECT_EQ(ResultsStore::Load(files, folder / "results.json")->results(), store->results());
}

TEST(StoreOnDiskTest, AMigrationBacksTheLinkedFileUpAndKeepsTheLink) {
  const TemporaryFolder folder;
  PosixFileSystem files;
  fs::create_directory(folder / "data");
  folder.Write("data/target.json", kOldStore);
  fs::create_symlink("data/target.json", folder / "results.json");
  auto store = ResultsStore::Load(files, folder / "results.json");
  ASSERT_TRUE(store);
  store->Remove({92160, 128});
  ASSERT_TRUE(store->Commit());
  EXPECT_TRUE(fs::is_symlink(folder / "results.json"));
  EXPECT_EQ(folder.Read("results.json.bak-v0"), kOldStore);
  EXPECT_EQ(ResultsStore::Load(files, folder / "data/target.json")->results().size(), 1U);
}

TEST(StoreOnDiskTest, AReaderNeverSeesHalfAFile) {
  const TemporaryFolder folder;
  PosixFileSystem files;
  ResultsStore store = ResultsStore::Create(files, folder / "results.json", {});
  FillStore(store, 50, 2, 1);
  ASSERT_TRUE(store.Commit());
  const pid_t reader = fork();
  if (reader == 0) {
    PosixFileSystem own;
    while (true) {
      if (!ResultsStore::Load(own, folder / "results.json")) _exit(1);
    }
  }
  for (int i = 0; i < 50; ++i) {
    store.AddSample({1, i + 1}, SampleWithId(std::to_string(i)), kNow);
    EXPECT_TRUE(store.Commit());
  }
  kill(reader, SIGKILL);
  int status = 0;
  waitpid(reader, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the reader met a file that it refused";
}

}  // namespace
}  // namespace ollama_bench
