#include "ollama_bench/process/background_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <sstream>

#include "support/temporary_folder.h"

namespace ollama_bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kLong{300};

// What a script writes to a fifo, up to the end, which comes when everybody who had it open is
// gone. So a test waits for processes that are not its children.
class Fifo {
 public:
  explicit Fifo(std::filesystem::path path) : path_(std::move(path)) {
    if (mkfifo(path_.c_str(), 0600) != 0) throw std::runtime_error("mkfifo");
  }
  ~Fifo() { Close(); }
  Fifo(const Fifo&) = delete;
  Fifo& operator=(const Fifo&) = delete;

  // Waits for a writer, and for its first line.
  std::string Line() {
    if (fd_ < 0) fd_ = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    std::string line;
    for (char c = 0; read(fd_, &c, 1) == 1 && c != '\n';) line += c;
    return line;
  }
  // Waits until no process has it open any more.
  void AwaitEnd() {
    char c = 0;
    while (read(fd_, &c, 1) > 0) {
    }
  }
  void Close() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
  }

 private:
  std::filesystem::path path_;
  int fd_ = -1;
};

class BackgroundProcessTest : public testing::Test {
 protected:
  // A script in which descriptor 9 is the fifo.
  BackgroundRequest Script(const std::string& script, const std::string& fifo = "fifo") const {
    return {{"/bin/sh", "-c", "exec 9>" + (folder_ / fifo).string() + "; " + script},
            {},
            {},
            folder_ / "log",
            milliseconds(200)};
  }
  // Without the fifo, run to its end.
  std::string LogOf(BackgroundRequest request, const std::string& script) {
    request.argv = {"/bin/sh", "-c", script};
    request.log = folder_ / "log";
    auto process = BackgroundProcess::Start(request);
    EXPECT_TRUE(process) << process.error();
    AwaitProgram(*process);
    return folder_.Read("log");
  }
  static void AwaitProgram(BackgroundProcess& process) {
    while (!process.HasEnded()) {
      pollfd ended{process.ended_fd(), POLLIN, 0};
      poll(&ended, 1, -1);
    }
  }

  TemporaryFolder folder_;
  Fifo fifo_{folder_ / "fifo"};
};

bool IsThere(pid_t pid) {
  return kill(pid, 0) == 0;
}

std::set<std::string> OpenDescriptors() {
  std::set<std::string> open;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    open.insert(entry.path().filename());
  }
  return open;
}

TEST_F(BackgroundProcessTest, EndsTheWholeGroup) {
  auto process = BackgroundProcess::Start(Script("sleep 600 & echo $! >&9; wait"));
  ASSERT_TRUE(process) << process.error();
  const pid_t grandchild = std::stoi(fifo_.Line());
  EXPECT_FALSE(process->HasEnded());
  EXPECT_EQ(process->HowItEnded(), "");
  EXPECT_TRUE(process->End(kLong));
  EXPECT_FALSE(IsThere(process->pid()));
  EXPECT_FALSE(IsThere(grandchild));
  EXPECT_EQ(process->HowItEnded(), "signal 15 (Terminated)");
}

TEST_F(BackgroundProcessTest, LeadsAGroupOfItsOwnThatNoTerminalSignals) {
  auto process = BackgroundProcess::Start(Script("echo $$ >&9; exec sleep 600"));
  ASSERT_TRUE(process);
  EXPECT_EQ(std::stoi(fifo_.Line()), process->pid());
  EXPECT_EQ(getpgid(process->pid()), process->pid());
  EXPECT_NE(getpgid(process->pid()), getpgrp());
}

TEST_F(BackgroundProcessTest, ADescendantThatIgnoresTermIsKilledAfterTheGrace) {
  auto process = BackgroundProcess::Start(
      Script("(trap '' TERM; echo ready >&9; exec sleep 600) & trap 'exit 0' TERM; wait"));
  ASSERT_TRUE(process);
  fifo_.Line();
  EXPECT_TRUE(process->End(milliseconds(50)));
  fifo_.AwaitEnd();
}

TEST_F(BackgroundProcessTest, AStoppedProgramIsKilled) {
  auto process = BackgroundProcess::Start(Script("echo ready >&9; kill -STOP $$"));
  ASSERT_TRUE(process);
  fifo_.Line();
  EXPECT_TRUE(process->End(milliseconds(50)));
  fifo_.AwaitEnd();
}

TEST_F(BackgroundProcessTest, ADescendantThatLeftTheGroupIsEndedToo) {
  auto process = BackgroundProcess::Start(
      Script("setsid sh -c '(trap \"\" TERM; echo $$ >&9; exec sleep 600) & wait' & wait"));
  ASSERT_TRUE(process);
  const pid_t session = std::stoi(fifo_.Line());
  EXPECT_NE(getpgid(session), process->pid());
  EXPECT_TRUE(process->End(milliseconds(50)));
  fifo_.AwaitEnd();
}

TEST_F(BackgroundProcessTest, AProgramThatDiesIsReportedAndWhatItLeftBehindIsEnded) {
  auto process =
      BackgroundProcess::Start(Script("(trap '' TERM; echo ready >&9; exec sleep 600) & exit 3"));
  ASSERT_TRUE(process);
  fifo_.Line();
  AwaitProgram(*process);
  EXPECT_EQ(process->HowItEnded(), "exit status 3");
  fifo_.AwaitEnd();
  EXPECT_TRUE(process->End(kLong));
  EXPECT_TRUE(process->HasEnded());
}

TEST_F(BackgroundProcessTest, SaysWhichSignalEndedTheProgram) {
  auto process = BackgroundProcess::Start(Script("kill -KILL $$"));
  ASSERT_TRUE(process);
  fifo_.Line();
  AwaitProgram(*process);
  EXPECT_EQ(process->HowItEnded(), "signal 9 (Killed)");
}

// Starts a process from one that then is killed.
pid_t StartOwner(const std::vector<BackgroundRequest>& requests) {
  const pid_t owner = fork();
  if (owner != 0) return owner;
  std::vector<BackgroundProcess> processes;
  for (const BackgroundRequest& request : requests) {
    auto process = BackgroundProcess::Start(request);
    if (!process) _exit(1);
    processes.push_back(std::move(*process));
  }
  while (true) pause();
}

TEST_F(BackgroundProcessTest, NothingOutlivesAKilledOwner) {
  const pid_t owner = StartOwner(
      {Script("trap '' TERM; sleep 600 & setsid sh -c 'sleep 600 & wait' & echo ready >&9; wait")});
  fifo_.Line();
  kill(owner, SIGKILL);
  waitpid(owner, nullptr, 0);
  fifo_.AwaitEnd();
}

TEST_F(BackgroundProcessTest, EachIsEndedForItselfWhenTheOwnerIsKilled) {
  Fifo other(folder_ / "other");
  BackgroundRequest slow = Script("trap '' TERM; echo $$ >&9; exec sleep 600", "other");
  slow.grace = kLong;
  const pid_t owner = StartOwner({Script("echo ready >&9; exec sleep 600"), slow});
  fifo_.Line();
  const pid_t slow_pid = std::stoi(other.Line());
  kill(owner, SIGKILL);
  waitpid(owner, nullptr, 0);
  fifo_.AwaitEnd();
  EXPECT_TRUE(IsThere(slow_pid)) << "it would have held the first one's pipe open";
  kill(slow_pid, SIGKILL);
  other.AwaitEnd();
}

TEST_F(BackgroundProcessTest, SignalsToTheProcessBetweenDoNotEndIt) {
  auto process = BackgroundProcess::Start(Script("echo $PPID >&9; exec sleep 600"));
  ASSERT_TRUE(process);
  const pid_t shepherd = std::stoi(fifo_.Line());
  ASSERT_NE(shepherd, getpid());
  EXPECT_NE(getpgid(shepherd), getpgrp());
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGPIPE}) kill(shepherd, number);
  EXPECT_FALSE(process->HasEnded());
  EXPECT_TRUE(process->End(kLong));
  EXPECT_EQ(process->HowItEnded(), "signal 15 (Terminated)");
}

TEST_F(BackgroundProcessTest, WithTheProcessBetweenKilledTheGroupIsEndedAllTheSame) {
  auto process = BackgroundProcess::Start(Script("sleep 600 & echo $PPID >&9; wait"));
  ASSERT_TRUE(process);
  kill(std::stoi(fifo_.Line()), SIGKILL);
  process->End(kLong);
  fifo_.AwaitEnd();
  EXPECT_EQ(process->HowItEnded(), "killed together with the process that watches it");
}

TEST_F(BackgroundProcessTest, OutputGoesToTheFileWhichIsTruncated) {
  folder_.Write("log", "of an earlier start, and longer");
  EXPECT_EQ(LogOf({}, "echo out; echo err >&2"), "out\nerr\n");
}

TEST_F(BackgroundProcessTest, VariablesAreAddedReplacedAndRemoved) {
  setenv("OB_KEPT", "kept", 1);
  setenv("OB_GONE", "gone", 1);
  setenv("OB_GONE_TOO_LITTLE", "kept", 1);
  BackgroundRequest request;
  request.environment = {{"OB_NEW", "a b"}, {"HOME", "/nowhere"}};
  request.removed = {"OB_GONE", "OB_NOT_THERE"};
  EXPECT_EQ(LogOf(request, "echo $OB_KEPT:${OB_GONE-unset}:$OB_GONE_TOO_LITTLE:\"$OB_NEW\":$HOME"),
            "kept:unset:kept:a b:/nowhere\n");
}

TEST_F(BackgroundProcessTest, GivesNoDescriptorOfOursToTheProgramNorToTheProcessBetween) {
  const int leaky = open("/dev/null", O_RDONLY);  // not closed on exec
  auto other = BackgroundProcess::Start(Script("echo ready >&9; exec sleep 600"));
  fifo_.Line();
  std::istringstream own(LogOf({}, "for f in /proc/$$/fd/*; do echo ${f##*/}; done"));
  std::set<std::string> held;
  for (std::string fd; own >> fd;) held.insert(fd);
  EXPECT_EQ(held, (std::set<std::string>{"0", "1", "2", "3"})) << "3: the folder that is read";
  std::istringstream between(LogOf({}, "for f in /proc/$PPID/fd/*; do readlink $f; done"));
  std::multiset<std::string> kinds;
  for (std::string target; between >> target;) kinds.insert(target.substr(0, target.find(':')));
  const std::string log = folder_ / "log";
  EXPECT_EQ(kinds,
            (std::multiset<std::string>{"/dev/null", log, log, "socket", "pipe", "anon_inode"}));
  close(leaky);
}

TEST_F(BackgroundProcessTest, LeavesNoDescriptorAndNoZombieBehind) {
  const auto before = OpenDescriptors();
  LogOf({}, "true");
  EXPECT_FALSE(BackgroundProcess::Start({{"/etc"}, {}, {}, folder_ / "log", seconds(1)}));
  EXPECT_EQ(OpenDescriptors(), before);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST_F(BackgroundProcessTest, SaysWhyAProgramCouldNotStart) {
  const auto error = [&](const std::string& program, const std::filesystem::path& log) {
    const auto process = BackgroundProcess::Start({{program}, {}, {}, log, seconds(1)});
    return process ? "" : process.error();
  };
  EXPECT_EQ(error("no-such-program-here", folder_ / "log"),
            "no-such-program-here: not found on PATH");
  EXPECT_EQ(error("/etc", folder_ / "log"), "/etc: Permission denied");
  EXPECT_EQ(error("/no/program", folder_ / "log"), "/no/program: No such file or directory");
  EXPECT_EQ(error("true", "/no/folder/log"), "/no/folder/log: No such file or directory");
}

TEST_F(BackgroundProcessTest, TheProgramHearsSignalsAndHasNoneOfOurHandlers) {
  std::signal(SIGUSR1, [](int) {});
  std::signal(SIGUSR2, SIG_IGN);
  const std::string status = LogOf({}, "exec cat /proc/self/status");
  std::signal(SIGUSR1, SIG_DFL);
  std::signal(SIGUSR2, SIG_DFL);
  EXPECT_NE(status.find("SigBlk:\t0000000000000000"), std::string::npos) << status;
  EXPECT_NE(status.find("SigIgn:\t0000000000000800"), std::string::npos) << status;
  EXPECT_NE(status.find("SigCgt:\t0000000000000000"), std::string::npos) << status;
}

TEST_F(BackgroundProcessTest, MovedOverOrDestroyedItEnds) {
  Fifo other(folder_ / "other");
  {
    auto process = BackgroundProcess::Start(Script("echo ready >&9; exec sleep 600"));
    auto second = BackgroundProcess::Start(Script("echo ready >&9; exec sleep 600", "other"));
    ASSERT_TRUE(process && second);
    fifo_.Line();
    other.Line();
    *process = std::move(*second);
    fifo_.AwaitEnd();
    EXPECT_FALSE(process->HasEnded());
  }
  other.AwaitEnd();
}

}  // namespace
}  // namespace ollama_bench
