#include "ollama_bench/process/posix_process_runner.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

namespace ollama_bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using End = ProcessOutcome::End;

ProcessRequest Shell(std::string script, milliseconds timeout = seconds(60)) {
  return {{"/bin/sh", "-c", std::move(script)}, {}, "", timeout};
}

class ProcessRunnerTest : public testing::Test {
 protected:
  ProcessOutcome Run(const ProcessRequest& request) { return runner_.Run(request, stop_); }

  StopRequest stop_;
  PosixProcessRunner runner_;
};

int OpenDescriptors() {
  int count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    ++count;
  }
  return count;
}

std::set<int> InheritableDescriptors() {
  std::set<int> inheritable;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const int fd = std::stoi(entry.path().filename());
    const int flags = fcntl(fd, F_GETFD);
    if (flags >= 0 && (flags & FD_CLOEXEC) == 0) inheritable.insert(fd);
  }
  return inheritable;
}

// "S" for sleeping, "Z" for a zombie (proc(5)), "gone" where there is no such process.
std::string StateOf(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string number;
  std::string name;
  std::string state = "gone";
  stat >> number >> name >> state;
  return state;
}

TEST_F(ProcessRunnerTest, KeepsBothStreamsAndTheExitCodeApart) {
  const ProcessOutcome outcome = Run(Shell("echo out; echo err >&2; exit 3"));
  EXPECT_EQ(outcome.end, End::kExited);
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_EQ(outcome.stdout_tail, "out\n");
  EXPECT_EQ(outcome.stderr_tail, "err\n");
  EXPECT_GT(outcome.wall.count(), 0);
}

TEST_F(ProcessRunnerTest, GivesTheWholeTextOnStandardInput) {
  ProcessRequest request = Shell("wc -c");
  request.stdin_text = std::string(5'000'000, 'x');
  EXPECT_EQ(std::stoi(Run(request).stdout_tail), 5'000'000);
}

TEST_F(ProcessRunnerTest, SurvivesAChildThatNeverReadsItsInput) {
  ProcessRequest request = Shell("exit 0");
  request.stdin_text = std::string(5'000'000, 'x');
  EXPECT_EQ(Run(request).end, End::kExited);
}

TEST_F(ProcessRunnerTest, AddsToTheEnvironmentAndReplacesInIt) {
  ProcessRequest request = Shell("printf %s:%s \"$OB_TEST\" \"$HOME\"");
  request.environment = {{"OB_TEST", "a b"}, {"HOME", "/nowhere"}};
  EXPECT_EQ(Run(request).stdout_tail, "a b:/nowhere");
}

TEST_F(ProcessRunnerTest, SaysWhyAProgramCouldNotStart) {
  const ProcessOutcome missing = Run({{"no-such-program-here"}, {}, "", seconds(1)});
  EXPECT_EQ(missing.end, End::kNotStarted);
  EXPECT_EQ(missing.start_error, "no-such-program-here: not found on PATH");
  const ProcessOutcome folder = Run({{"/etc"}, {}, "", seconds(1)});
  EXPECT_EQ(folder.end, End::kNotStarted);
  EXPECT_EQ(folder.start_error, "/etc: Permission denied");
}

TEST_F(ProcessRunnerTest, TellsASignalFromAnExit) {
  const ProcessOutcome outcome = Run(Shell("kill -SEGV $$"));
  EXPECT_EQ(outcome.end, End::kSignaled);
  EXPECT_EQ(outcome.signal_number, SIGSEGV);
}

TEST_F(ProcessRunnerTest, EndsAChildThatOverrunsItsTime) {
  EXPECT_EQ(Run(Shell("sleep 600", milliseconds(50))).end, End::kTimedOut);
}

TEST_F(ProcessRunnerTest, EndsTheWholeGroupNotOnlyTheChild) {
  const ProcessOutcome outcome = Run(Shell("sleep 600 & echo $!; wait", milliseconds(300)));
  ASSERT_EQ(outcome.end, End::kTimedOut);
  const pid_t grandchild = std::stoi(outcome.stdout_tail);
  // A killed process is gone, or waits for init to reap it, as soon as the kernel gets to it; were
  // it not killed, it would sleep for ten minutes.
  std::string state;
  do {
    state = StateOf(grandchild);
  } while (state != "gone" && state != "Z");
}

TEST_F(ProcessRunnerTest, DoesNotWaitForAGrandchildThatKeepsThePipesOpen) {
  // The fifo makes the child end only after the grandchild has left the group.
  const ProcessOutcome outcome =
      Run(Shell("d=$(mktemp -d) && mkfifo $d/f && "
                "{ setsid sh -c 'echo $$ > '$d/f'; exec sleep 600' & } && read p < $d/f && "
                "rm -r $d && echo $p",
                seconds(300)));
  EXPECT_EQ(outcome.end, End::kExited);
  EXPECT_LT(outcome.wall, seconds(300));
  kill(std::stoi(outcome.stdout_tail), SIGKILL);
}

TEST_F(ProcessRunnerTest, KillsAChildThatIgnoresTerm) {
  EXPECT_EQ(Run(Shell("trap '' TERM; while :; do sleep 1; done", milliseconds(50))).end,
            End::kTimedOut);
}

TEST_F(ProcessRunnerTest, KillsAChildThatStoppedItself) {
  EXPECT_EQ(Run(Shell("kill -STOP $$", milliseconds(50))).end, End::kTimedOut);
}

TEST_F(ProcessRunnerTest, KeepsOnlyTheEndOfAFlood) {
  rusage before{};
  getrusage(RUSAGE_SELF, &before);
  const ProcessOutcome outcome =
      Run(Shell("head -c 300000000 /dev/zero | tr '\\0' x; printf the-end"));
  rusage after{};
  getrusage(RUSAGE_SELF, &after);
  EXPECT_EQ(outcome.stdout_tail.size(), 64U * 1024U);
  EXPECT_TRUE(outcome.stdout_tail.ends_with("xxxthe-end"));
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 16 * 1024) << "KiB";
}

TEST_F(ProcessRunnerTest, AStopRequestEndsTheChild) {
  std::jthread requester([this] { stop_.Request(SIGINT); });
  EXPECT_EQ(Run(Shell("sleep 600")).end, End::kInterrupted);
}

TEST_F(ProcessRunnerTest, LeavesNoDescriptorBehindAndGivesNoneToTheChild) {
  Run(Shell("true"));
  const int before = OpenDescriptors();
  Run(Shell("true"));
  Run({{"no-such-program-here"}, {}, "", seconds(1)});
  Run({{"/etc"}, {}, "", seconds(1)});
  EXPECT_EQ(OpenDescriptors(), before);

  // The child's shell lists what it holds: what this process inherited, and nothing that we opened.
  const std::string script = "for f in /proc/$$/fd/*; do echo ${f##*/}; done";
  std::set<int> held;
  std::istringstream lines(Run(Shell(script)).stdout_tail);
  for (int fd = 0; lines >> fd;) held.insert(fd);
  std::set<int> expected = InheritableDescriptors();
  int lowest_free = 0;
  while (expected.contains(lowest_free)) ++lowest_free;
  expected.insert(lowest_free);  // the folder that the shell reads
  EXPECT_EQ(held, expected);
}

volatile std::sig_atomic_t g_handled = 0;

TEST_F(ProcessRunnerTest, TheChildHearsSignalsAndHasNoneOfOurHandlers) {
  std::signal(SIGUSR1, [](int) { g_handled = 1; });
  std::signal(SIGUSR2, SIG_IGN);
  // The mask of blocked signals as proc(5) tells it.
  const std::string masks = Run(Shell("exec grep '^SigBlk' /proc/self/status")).stdout_tail;
  EXPECT_EQ(Run(Shell("kill -USR1 $$")).signal_number, SIGUSR1);
  EXPECT_EQ(Run(Shell("kill -USR2 $$; exit 3")).exit_code, 3) << "what is ignored stays ignored";
  std::signal(SIGUSR1, SIG_DFL);
  std::signal(SIGUSR2, SIG_DFL);
  EXPECT_EQ(g_handled, 0);
  EXPECT_NE(masks.find("SigBlk:\t0000000000000000"), std::string::npos) << masks;
  sigset_t blocked;
  pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
  EXPECT_EQ(sigismember(&blocked, SIGINT), 0) << "and ours are as before";
}

// What a start does to memory that the child shares until its exec.
TEST_F(ProcessRunnerTest, AFailedStartLeavesThisProcessAsItWas) {
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(Run({{"/etc"}, {}, "", seconds(1)}).start_error, "/etc: Permission denied");
    EXPECT_EQ(Run(Shell("exit 7")).exit_code, 7);
  }
}

TEST_F(ProcessRunnerTest, CallsBackWhileItWaits) {
  int calls = 0;
  PosixProcessRunner runner([&] {
    if (++calls == 2) stop_.Request(SIGINT);
  });
  EXPECT_EQ(runner.Run(Shell("sleep 600"), stop_).end, End::kInterrupted);
  EXPECT_EQ(calls, 2);
}

}  // namespace
}  // namespace ollama_bench
