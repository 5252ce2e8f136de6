#include "ollama_bench/store/file_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "support/fake_clock.h"
#include "support/temporary_folder.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// A forked process that does `work`, says whether it succeeded, and lives on until it is ended.
// What it starts itself is ended with this object at the latest.
class Child {
 public:
  explicit Child(const std::function<bool()>& work) {
    int ends[2];
    if (pipe(ends) != 0) throw std::runtime_error("pipe");
    pid_ = fork();
    if (pid_ == 0) {
      setpgid(0, 0);
      const char answer = work() ? 'y' : 'n';
      [[maybe_unused]] const ssize_t written = write(ends[1], &answer, 1);
      while (true) pause();
    }
    group_ = pid_;
    setpgid(pid_, pid_);
    close(ends[1]);
    char answer = '?';
    [[maybe_unused]] const ssize_t count = read(ends[0], &answer, 1);
    close(ends[0]);
    succeeded_ = answer == 'y';
  }
  ~Child() {
    kill(-group_, SIGKILL);
    Kill();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  void Kill() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  [[nodiscard]] int pid() const { return pid_; }
  [[nodiscard]] bool succeeded() const { return succeeded_; }

 private:
  pid_t pid_ = -1;
  pid_t group_ = -1;
  bool succeeded_ = false;
};

class FileLockTest : public testing::Test {
 protected:
  TemporaryFolder folder_;
  FakeClock clock_;
  fs::path store_ = folder_ / "results.json";

  // A child that holds the store's lock.
  std::unique_ptr<Child> Holder() {
    return std::make_unique<Child>([this] {
      static std::optional<FileLock> kept;
      auto lock = LockStore(store_, clock_);
      if (lock) kept.emplace(std::move(*lock));
      return lock.has_value();
    });
  }
};

TEST_F(FileLockTest, ASecondStartIsToldWhoHoldsTheStoreAndSinceWhen) {
  const auto holder = Holder();
  ASSERT_TRUE(holder->succeeded());
  const auto lock = LockStore(store_, clock_);
  ASSERT_FALSE(lock);
  EXPECT_EQ(lock.error().kind, StoreError::Kind::kLocked);
  EXPECT_EQ(lock.error().message,
            fmt::format("{} is in use by process {} since 2026-11-21T07:00:00+00:00; stop it or "
                        "give another --results",
                        store_.string(), holder->pid()));
}

TEST_F(FileLockTest, AKilledHolderLosesTheLock) {
  const auto holder = Holder();
  ASSERT_TRUE(holder->succeeded());
  holder->Kill();
  EXPECT_FALSE(*WhoHolds(store_)) << "its name is still in the file";
  EXPECT_TRUE(LockStore(store_, clock_));
}

TEST_F(FileLockTest, TellsWhoHoldsAStore) {
  EXPECT_FALSE(*WhoHolds(store_)) << "there is no lock file";
  {
    const auto lock = LockStore(store_, clock_);
    ASSERT_TRUE(lock);
    const auto holder = WhoHolds(store_);
    ASSERT_TRUE(holder && *holder);
    EXPECT_EQ((*holder)->pid, getpid());
    EXPECT_EQ((*holder)->since, "2026-11-21T07:00:00+00:00");
  }
  EXPECT_FALSE(*WhoHolds(store_));
}

TEST_F(FileLockTest, AskingDoesNotMakeAStartFail) {
  const auto holder = Holder();
  holder->Kill();
  // The stale name makes every question try the lock.
  const Child asker([this] {
    if (fork() == 0) {
      while (true) (void)WhoHolds(store_);
    }
    return true;
  });
  for (int i = 0; i < 200; ++i) {
    const auto lock = LockStore(store_, clock_);
    ASSERT_TRUE(lock) << lock.error().message;
  }
}

TEST_F(FileLockTest, TheLockFileStaysAndIsUsedAgain) {
  ASSERT_TRUE(LockStore(store_, clock_));
  EXPECT_TRUE(fs::exists(folder_ / "results.json.lock"));
  EXPECT_TRUE(LockStore(store_, clock_));
  EXPECT_EQ(folder_.Read("results.json.lock"), "");
}

TEST_F(FileLockTest, APlaceHolderWithoutANameIsStillAHolder) {
  const auto lock = LockStore(store_, clock_);
  ASSERT_TRUE(lock);
  for (const char* text : {"", "nonsense", "-5 x", "99999999999999999999 y", "4194304999 z"}) {
    folder_.Write("results.json.lock", text);
    const auto second = LockStore(store_, clock_);
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error().message, HasSubstr("in use by another process;")) << text;
  }
}

TEST_F(FileLockTest, APathAndALinkToItAreOneStore) {
  fs::create_symlink("results.json", folder_ / "link.json");
  const auto lock = LockStore(folder_ / "link.json", clock_);
  ASSERT_TRUE(lock);
  EXPECT_FALSE(LockStore(store_, clock_));
  EXPECT_TRUE(fs::exists(folder_ / "results.json.lock"));
  EXPECT_TRUE(*WhoHolds(folder_ / "link.json"));
}

TEST_F(FileLockTest, AStartedProgramDoesNotInheritTheLock) {
  Child parent([this] {
    static std::optional<FileLock> kept;
    auto lock = LockStore(store_, clock_);
    if (!lock) return false;
    kept.emplace(std::move(*lock));
    if (fork() == 0) {
      execl("/bin/sleep", "sleep", "60", nullptr);
      _exit(127);
    }
    return true;
  });
  ASSERT_TRUE(parent.succeeded());
  parent.Kill();
  // Between fork and exec the descriptor is still shared.
  std::optional<LockHolder> holder;
  do holder = *WhoHolds(store_);
  while (holder);
  EXPECT_TRUE(LockStore(store_, clock_));
}

TEST_F(FileLockTest, AForkedCopyNeitherReleasesNorRenamesTheLock) {
  auto lock = std::make_unique<FileLock>(std::move(*LockStore(store_, clock_)));
  const Child child([&] {
    lock.reset();
    return true;
  });
  const auto holder = WhoHolds(store_);
  ASSERT_TRUE(holder && *holder);
  EXPECT_EQ((*holder)->pid, getpid());
}

TEST_F(FileLockTest, DoesNotFollowALinkPlantedAtTheLockFile) {
  folder_.Write("precious", "text");
  fs::create_symlink("precious", folder_ / "results.json.lock");
  const auto lock = LockStore(store_, clock_);
  ASSERT_FALSE(lock);
  EXPECT_EQ(lock.error().kind, StoreError::Kind::kIo);
  EXPECT_EQ(folder_.Read("precious"), "text");
}

TEST_F(FileLockTest, DoesNotWaitForAPipePlantedAtTheLockFile) {
  ASSERT_EQ(mkfifo((folder_ / "results.json.lock").c_str(), 0600), 0);
  const auto lock = LockStore(store_, clock_);
  ASSERT_FALSE(lock);
  EXPECT_EQ(lock.error().kind, StoreError::Kind::kIo);
}

TEST_F(FileLockTest, NamesTheFolderThatDoesNotExist) {
  const auto lock = LockStore(folder_ / "none/results.json", clock_);
  ASSERT_FALSE(lock);
  EXPECT_EQ(lock.error().kind, StoreError::Kind::kIo);
  EXPECT_THAT(lock.error().message, HasSubstr("none/results.json.lock: No such file"));
}

TEST_F(FileLockTest, OneServerHasOneLockUnderAllItsNames) {
  const auto lock = LockServer("127.0.0.1:11434", clock_, folder_.path());
  ASSERT_TRUE(lock);
  for (const char* same : {"localhost:11434", "LOCALHOST:11434", "0.0.0.0:11434", "[::1]:11434"}) {
    const auto second = LockServer(same, clock_, folder_.path());
    ASSERT_FALSE(second) << same;
    EXPECT_EQ(second.error().kind, StoreError::Kind::kLocked);
    EXPECT_THAT(second.error().message, HasSubstr(fmt::format("process {} since", getpid())));
  }
  for (const char* other :
       {"localhost:11435", "rig:11434", "rig/11434", "../../x:1", "rig_11434"}) {
    EXPECT_TRUE(LockServer(other, clock_, folder_.path())) << other;
  }
}

// The lock folder is shared by all users of the machine, as /tmp is.
TEST_F(FileLockTest, UsersExcludeEachOtherInAStickyFolder) {
  if (geteuid() != 0) GTEST_SKIP() << "needs to become another user";
  ASSERT_EQ(chmod(folder_.path().c_str(), 01777), 0);
  constexpr uid_t kNobody = 65534;
  const auto as_nobody = [&](bool expect_lock) {
    return Child([&] {
             if (setgid(kNobody) != 0 || setuid(kNobody) != 0) return false;
             const auto lock = LockServer("rig:11434", clock_, folder_.path());
             if (expect_lock) return lock.has_value();
             const std::string name = fmt::format("process {} since", getppid());
             return !lock && lock.error().kind == StoreError::Kind::kLocked &&
                    lock.error().message.find(name) != std::string::npos;
           })
        .succeeded();
  };
  {
    const auto lock = LockServer("rig:11434", clock_, folder_.path());
    ASSERT_TRUE(lock);
    EXPECT_TRUE(as_nobody(false));
    for (const auto& file : fs::directory_iterator(folder_.path())) {
      EXPECT_EQ(fs::status(file).permissions(), static_cast<fs::perms>(0666));
      fs::permissions(file, static_cast<fs::perms>(0644));
    }
    EXPECT_TRUE(as_nobody(false)) << "a file that may only be read";
  }
  EXPECT_TRUE(as_nobody(true));
}

}  // namespace
}  // namespace ollama_bench
