// A disk that is really full, and a file that may not grow.
#include <fmt/format.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "program/durability/durability_fixture.h"

namespace ollama_bench::testing {
namespace {

namespace fs = std::filesystem;

class FullDiskLongTest : public DurabilityFixture {
 protected:
  static constexpr const char* kPauses = "measuring pauses, and saving is tried again";

  // How large the file of a whole small sweep is.
  [[nodiscard]] std::size_t BytesOfWholeSweep() const {
    EXPECT_EQ(RunProgram(SmallSweep()).exit_code, 0);
    const auto size = fs::file_size(server_.folder() / "benchmark_results.json");
    ForgetResults();
    return size;
  }

  // Runs `program`, which may find no room; makes room once it says so. True if it said so.
  template <class MakeRoom>
  bool RunAndMakeRoom(const Program& program, MakeRoom&& make_room) const {
    RunningProgram running(program);
    const bool paused = running.WaitForOutput(kPauses);
    const auto before = SavedSamples();
    if (paused) make_room(running.pid());
    const Ended ended = running.Wait();
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    ExpectSaved(before);
    return paused;
  }
};

TEST_F(FullDiskLongTest, UnderAFileSizeLimitItWaitsAndLosesNothing) {
  const Share share = TakeShare(1, 60);
  std::mt19937 random(share.seed);
  const auto models = Models();
  const auto whole = static_cast<int>(BytesOfWholeSweep());
  int pauses = 0;
  for (int i = 0; i < share.count; ++i) {
    const int limit = std::uniform_int_distribution<int>(whole / 2, whole * 9 / 10)(random);
    Program sweep = SmallSweep();
    sweep.argv.insert(sweep.argv.begin(), {"prlimit", fmt::format("--fsize={}:", limit)});
    pauses += RunAndMakeRoom(sweep, [](pid_t pid) {
      const rlimit64 wide{RLIM64_INFINITY, RLIM64_INFINITY};
      prlimit64(pid, RLIMIT_FSIZE, &wide, nullptr);
    });
    ExpectSmallSweepWhole();
    EXPECT_EQ(Models(), models);
    ForgetResults();
    ASSERT_FALSE(HasFailure()) << "limit " << limit << " of " << whole;
  }
  std::cout << pauses << " pauses\n";
  EXPECT_EQ(pauses, share.count);
}

TEST_F(FullDiskLongTest, StoppedWhileTheDiskIsFullItDoesNotClaimThatAllIsSaved) {
  const Share share = TakeShare(1, 20);
  std::mt19937 random(share.seed);
  const auto models = Models();
  const auto whole = static_cast<int>(BytesOfWholeSweep());
  int unsaved = 0;
  for (int i = 0; i < share.count; ++i) {
    const int limit = std::uniform_int_distribution<int>(whole / 2, whole * 9 / 10)(random);
    Program sweep = SmallSweep({"--json"});
    sweep.argv.insert(sweep.argv.begin(), {"prlimit", fmt::format("--fsize={}:", limit)});
    RunningProgram running(sweep);
    ASSERT_TRUE(running.WaitForOutput(kPauses));
    running.Signal(SIGINT);
    const Ended ended = running.Wait();
    EXPECT_EQ(ended.signal, SIGINT);
    // Without the note of the temporary model the file may just fit; then all is saved indeed.
    const bool all_saved = !Store()["metadata"].contains("temporary_models");
    const char* says = all_saved ? "everything measured is in" : "the last changes are not saved";
    EXPECT_NE(ended.err.find(says), std::string::npos) << ended.err;
    unsaved += all_saved ? 0 : 1;
    ExpectSaved(ReportedSamples(ended.out));
    EXPECT_EQ(Models(), models);
    ResumeAndExpectWhole(models);
    ForgetResults();
    ASSERT_FALSE(HasFailure()) << "limit " << limit << " of " << whole;
  }
  std::cout << unsaved << " ended with something unsaved\n";
  EXPECT_GT(unsaved, 0);
}

// A file system in memory, of a size that a sweep outgrows.
class SmallDisk {
 public:
  SmallDisk(fs::path folder, std::size_t bytes) : folder_(std::move(folder)) {
    fs::create_directory(folder_);
    mounted_ =
        mount("tmpfs", folder_.c_str(), "tmpfs", 0, fmt::format("size={}", bytes).c_str()) == 0;
  }
  ~SmallDisk() {
    if (mounted_) umount2(folder_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  [[nodiscard]] bool mounted() const { return mounted_; }

 private:
  fs::path folder_;
  bool mounted_ = false;
};

TEST_F(FullDiskLongTest, OnAFullDiskItWaitsAndLosesNothing) {
  const Share share = TakeShare(1, 20);
  std::mt19937 random(share.seed);
  const auto models = Models();
  const std::size_t page = 4096;
  const std::size_t pages = 32;
  for (int i = 0; i < share.count; ++i) {
    const SmallDisk disk(server_.folder() / "disk", pages * page);
    if (!disk.mounted()) GTEST_SKIP() << "needs to mount a small tmpfs: run as root";
    // Room for the first saves, which hold the old file and the new one.
    const std::size_t room = std::uniform_int_distribution<std::size_t>(3, 4)(random);
    const fs::path filler = server_.folder() / "disk" / "filler";
    std::ofstream(filler) << std::string((pages - room) * page, 'x');
    fs::create_symlink("disk/results.json", server_.folder() / "benchmark_results.json");
    RunAndMakeRoom(SmallSweep(), [&](pid_t) { fs::remove(filler); });
    EXPECT_FALSE(fs::exists(filler)) << "the disk was large enough";
    ExpectSmallSweepWhole();
    EXPECT_EQ(Models(), models);
    ForgetResults();
    ASSERT_FALSE(HasFailure()) << "room for " << room << " pages";
  }
}

}  // namespace
}  // namespace ollama_bench::testing
