// What a disk may hold after the power was cut: every prefix of what a store asked of the file
// system, with whatever was not synced yet missing in part.
#include <gtest/gtest.h>

#include <set>

#include "ollama_bench/store/results_store.h"
#include "support/memory_file_system.h"
#include "support/random_store.h"
#include "support/store_texts.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPath = "results.json";
constexpr const char* kBackup = "results.json.bak-v0";
constexpr const char* kNow = "2026-11-21T07:00:05+00:00";

// One step that changes the disk. Files are numbered in the order of their creation, for a rename
// moves a file and not its text.
struct Step {
  enum class Kind { kCreate, kWrite, kSync, kRename, kRemove, kSyncFolder, kCommitted };
  Kind kind;
  int file = 0;
  std::string name;
  std::string to;
  std::string bytes;
};

// Passes every call on to memory and writes down what it does to the disk.
class TracingFileSystem : public FileSystem {
 public:
  explicit TracingFileSystem(MemoryFileSystem& real) : real_(real) {
    for (const auto& [name, node] : real.files) numbers_[name] = ++last_number_;
  }

  std::vector<Step> steps;

  Expected<FileText, IoError> Read(const fs::path& path) override { return real_.Read(path); }
  Expected<std::unique_ptr<InputFile>, IoError> OpenToRead(const fs::path& path) override {
    return real_.OpenToRead(path);
  }
  Expected<FileStatus, IoError> Stat(const fs::path& path) override { return real_.Stat(path); }
  Expected<fs::path, IoError> ResolveLinks(const fs::path& path) override {
    return real_.ResolveLinks(path);
  }
  Expected<std::unique_ptr<OutputFile>, IoError> CreateNew(
      const fs::path& path, std::optional<unsigned> permissions) override {
    auto output = real_.CreateNew(path, permissions);
    if (!output) return output;
    const int number = ++last_number_;
    numbers_[path.string()] = number;
    steps.push_back({Step::Kind::kCreate, number, path.string(), {}, {}});
    return std::make_unique<Output>(*this, std::move(*output), number);
  }
  // A results file is never appended to.
  Expected<std::unique_ptr<OutputFile>, IoError> OpenToAppend(const fs::path& path,
                                                              std::int64_t /*size*/) override {
    return Unexpected<IoError>(IoError{ENOTSUP, "appended to " + path.string()});
  }
  Expected<void, IoError> Rename(const fs::path& from, const fs::path& to) override {
    const int number = numbers_.at(from.string());
    numbers_.erase(from.string());
    numbers_[to.string()] = number;
    steps.push_back({Step::Kind::kRename, number, from.string(), to.string(), {}});
    return real_.Rename(from, to);
  }
  Expected<void, IoError> SyncFolder(const fs::path& folder) override {
    steps.push_back({Step::Kind::kSyncFolder, 0, {}, {}, {}});
    return real_.SyncFolder(folder);
  }
  Expected<void, IoError> Remove(const fs::path& path) override {
    steps.push_back({Step::Kind::kRemove, numbers_[path.string()], path.string(), {}, {}});
    numbers_.erase(path.string());
    return real_.Remove(path);
  }

 private:
  class Output : public OutputFile {
   public:
    Output(TracingFileSystem& owner, std::unique_ptr<OutputFile> real, int number)
        : owner_(owner), real_(std::move(real)), number_(number) {}
    // A text comes in two parts, so that one can be lost without the other.
    Expected<std::size_t, IoError> Write(std::string_view bytes) override {
      const std::string_view part = bytes.substr(0, first_ ? (bytes.size() + 1) / 2 : bytes.size());
      first_ = false;
      owner_.steps.push_back({Step::Kind::kWrite, number_, {}, {}, std::string(part)});
      return real_->Write(part);
    }
    Expected<FileStamp, IoError> Sync() override {
      owner_.steps.push_back({Step::Kind::kSync, number_, {}, {}, {}});
      return real_->Sync();
    }

   private:
    TracingFileSystem& owner_;
    std::unique_ptr<OutputFile> real_;
    int number_;
    bool first_ = true;
  };

  MemoryFileSystem& real_;
  std::map<std::string, int> numbers_;
  int last_number_ = 0;
};

// A disk with what is safe on it, and what may get lost.
class Disk {
 public:
  explicit Disk(const MemoryFileSystem& files) {
    int number = 0;
    for (const auto& [name, node] : files.files) {
      names_[name] = ++number;
      texts_[number] = node->text;
    }
  }

  void Take(const Step& step) {
    switch (step.kind) {
      case Step::Kind::kWrite:
        offsets_[step.file] += step.bytes.size();
        unsynced_writes_.push_back({step, offsets_[step.file] - step.bytes.size()});
        break;
      case Step::Kind::kSync:
        std::erase_if(unsynced_writes_, [&](const Write& write) {
          if (write.step.file == step.file) Apply(write, texts_);
          return write.step.file == step.file;
        });
        break;
      case Step::Kind::kCreate:
      case Step::Kind::kRename:
      case Step::Kind::kRemove:
        unsynced_names_.push_back(step);
        break;
      case Step::Kind::kSyncFolder:
        for (const Step& change : unsynced_names_) Apply(change, names_);
        unsynced_names_.clear();
        break;
      case Step::Kind::kCommitted:
        break;
    }
  }

  // Every state that a loss of power can leave: any of the unsynced changes may have reached the
  // disk, in any selection, for the disk does them in an order of its own.
  template <class Check>
  void ForEachOutcome(Check&& check) const {
    const std::size_t changes = unsynced_writes_.size() + unsynced_names_.size();
    ASSERT_LE(changes, 6U);
    for (std::size_t chosen = 0; chosen < std::size_t{1} << changes; ++chosen) {
      auto names = names_;
      auto texts = texts_;
      std::size_t bit = 0;
      for (const Write& write : unsynced_writes_) {
        if ((chosen >> bit++ & 1U) != 0) Apply(write, texts);
      }
      for (const Step& change : unsynced_names_) {
        if ((chosen >> bit++ & 1U) != 0) Apply(change, names);
      }
      MemoryFileSystem files;
      for (const auto& [name, file] : names) files.Save(name, texts[file]);
      check(files);
    }
  }

 private:
  struct Write {
    Step step;
    std::size_t offset;
  };
  using Names = std::map<std::string, int>;
  using Texts = std::map<int, std::string>;

  // A later write without the earlier one leaves a hole of zeros.
  static void Apply(const Write& write, Texts& texts) {
    std::string& text = texts[write.step.file];
    text.resize(std::max(text.size(), write.offset + write.step.bytes.size()), '\0');
    text.replace(write.offset, write.step.bytes.size(), write.step.bytes);
  }
  static void Apply(const Step& change, Names& names) {
    if (change.kind == Step::Kind::kRename) {
      names.erase(change.name);
      names[change.to] = change.file;
    } else if (change.kind == Step::Kind::kCreate) {
      names[change.name] = change.file;
    } else {
      names.erase(change.name);
    }
  }

  Names names_;
  Texts texts_;
  std::map<int, std::size_t> offsets_;
  std::vector<Write> unsynced_writes_;
  std::vector<Step> unsynced_names_;
};

using Results = std::vector<CellResult>;

class PowerLossTest : public testing::Test {
 protected:
  // Commits `commits` times to what `files` holds and cuts the power after every step.
  void CutAnywhere(MemoryFileSystem& files, ResultsStore (*open)(FileSystem&), int commits) {
    Disk disk(files);
    const auto old_backup = files.files.contains(kPath) ? files.TextOf(kPath) : "";
    TracingFileSystem traced(files);
    ResultsStore store = open(traced);
    std::vector<Results> versions = {store.results()};
    RandomValues random(1);
    for (int i = 0; i < commits; ++i) {
      store.AddSample({4096, 64 * (i + 1)}, random.MakeSample("S" + std::to_string(i)), kNow);
      versions.push_back(store.results());
      ASSERT_TRUE(store.Commit());
      traced.steps.push_back({Step::Kind::kCommitted, 0, {}, {}, {}});
    }
    const bool was_there = !old_backup.empty();
    std::size_t committed = 0;
    int outcomes = 0;
    for (const Step& step : traced.steps) {
      disk.Take(step);
      if (step.kind == Step::Kind::kCommitted) ++committed;
      disk.ForEachOutcome([&](MemoryFileSystem& left) {
        ++outcomes;
        const auto loaded = ResultsStore::Load(left, kPath);
        if (!loaded) {
          EXPECT_EQ(loaded.error().kind, StoreError::Kind::kMissing) << loaded.error().message;
          EXPECT_TRUE(committed == 0 && !was_there) << "the file is gone";
          return;
        }
        const bool is_last = loaded->results() == versions.at(committed);
        const bool is_next =
            committed + 1 < versions.size() && loaded->results() == versions[committed + 1];
        EXPECT_TRUE(is_last || is_next) << "neither the last commit nor the one under way";
        if (migrates_ && left.TextOf(kPath) != old_backup) {
          ASSERT_TRUE(left.files.contains(kBackup)) << "migrated without a backup";
          EXPECT_EQ(left.TextOf(kBackup), old_backup);
        }
      });
      ASSERT_FALSE(HasFailure());
    }
    std::cout << traced.steps.size() << " steps, " << outcomes << " disks\n";
    EXPECT_GT(outcomes, 50);
  }

  static ResultsStore LoadStore(FileSystem& files) {
    auto store = ResultsStore::Load(files, kPath);
    if (!store) throw std::runtime_error(store.error().message);
    return std::move(*store);
  }
  static ResultsStore CreateStore(FileSystem& files) {
    return ResultsStore::Create(files, kPath, {});
  }

  bool migrates_ = false;
};

TEST_F(PowerLossTest, LeavesTheLastCommitOrTheOneUnderWay) {
  MemoryFileSystem files;
  files.Save(kPath, kStoreWithUnknownKeys);
  CutAnywhere(files, LoadStore, 5);
}

TEST_F(PowerLossTest, LeavesANewStoreWholeOrNoneAtAll) {
  MemoryFileSystem files;
  CutAnywhere(files, CreateStore, 3);
}

TEST_F(PowerLossTest, LeavesTheTemporaryFileOfAKilledRunHarmless) {
  MemoryFileSystem files;
  files.Save(kPath, kStoreWithUnknownKeys);
  files.Save(".results.json.ollama-bench-tmp", "half");
  CutAnywhere(files, LoadStore, 3);
}

TEST_F(PowerLossTest, NeverLeavesAMigratedFileWithoutItsBackup) {
  MemoryFileSystem files;
  files.Save(kPath, kOldStore);
  migrates_ = true;
  CutAnywhere(files, LoadStore, 3);
}

}  // namespace
}  // namespace ollama_bench
