// Children that write more than anybody could keep, or do not write text at all; and a parent that
// dies.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <fstream>

#include "ollama_bench/process/posix_process_runner.h"
#include "support/sanitizers.h"
#include "support/share.h"

namespace ollama_bench {
namespace {

using std::chrono::seconds;
using End = ProcessOutcome::End;

constexpr std::int64_t kMiB = 1024 * 1024;

ProcessRequest Shell(std::string script) {
  return {{"/bin/sh", "-c", std::move(script)}, {}, "", seconds(3600)};
}

// Watches `script` from a process of its own, whose peak memory then is that of the watching: a
// program that does nothing else, as the sweep's is but for its results.
std::int64_t PeakMemoryKiB(const std::string& script, std::size_t expected_tail) {
  const pid_t watcher = fork();
  if (watcher == 0) {
    StopRequest stop;
    PosixProcessRunner runner;
    const ProcessOutcome outcome = runner.Run(Shell(script), stop);
    _exit(outcome.end == End::kExited && outcome.stdout_tail.size() == expected_tail ? 0 : 1);
  }
  int status = 0;
  rusage usage{};
  wait4(watcher, &status, 0, &usage);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  return usage.ru_maxrss;
}

TEST(HostileChildLongTest, TenGigabytesOfOutputCostLittleMemory) {
  const Share share = TakeShare(500, 10'240);  // MiB
  const std::int64_t peak =
      PeakMemoryKiB("head -c " + std::to_string(share.count * kMiB) + " /dev/zero", 64 * 1024);
  std::cout << share.count << " MiB of output, own peak " << peak << " KiB\n";
  EXPECT_TRUE(kSanitized || peak < 32 * 1024);
}

TEST(HostileChildLongTest, ALineThatNeverEndsCostsLittleMemory) {
  const Share share = TakeShare(200, 1'024);  // MiB
  const std::int64_t peak = PeakMemoryKiB(
      "head -c " + std::to_string(share.count * kMiB) + " /dev/zero | tr '\\0' x", 64 * 1024);
  std::cout << share.count << " MiB without a newline, own peak " << peak << " KiB\n";
  EXPECT_TRUE(kSanitized || peak < 32 * 1024);
}

TEST(HostileChildTest, KeepsBytesThatAreNoTextAsTheyAre) {
  StopRequest stop;
  PosixProcessRunner runner;
  const ProcessOutcome outcome =
      runner.Run(Shell("printf 'a\\000b\\377\\376\\303(\\033]0;x\\007\\033[2J\\200'"), stop);
  EXPECT_EQ(outcome.stdout_tail, std::string("a\0b\xff\xfe\xc3(\x1b]0;x\x07\x1b[2J\x80", 18));
}

// The watcher dies without a chance to end its child.
TEST(HostileChildTest, TheChildDiesWithItsParent) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t watcher = fork();
  if (watcher == 0) {
    close(ends[0]);
    StopRequest stop;
    PosixProcessRunner runner;
    // The child says that it is there, and holds the pipe's other end for as long as it lives.
    runner.Run(Shell("printf x >&" + std::to_string(ends[1]) + "; exec sleep 600"), stop);
    _exit(0);
  }
  close(ends[1]);
  char byte = 0;
  ASSERT_EQ(read(ends[0], &byte, 1), 1);
  kill(watcher, SIGKILL);
  waitpid(watcher, nullptr, 0);
  EXPECT_EQ(read(ends[0], &byte, 1), 0) << "everybody who held the pipe is gone";
  close(ends[0]);
}

}  // namespace
}  // namespace ollama_bench
