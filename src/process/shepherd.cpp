#include "shepherd.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#endif

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>

namespace ollama_bench {

#ifdef __linux__

namespace {

using Kind = ShepherdReport::Kind;

constexpr int kControl = 3;
constexpr int kStatus = 4;
constexpr int kFirstOther = 5;
constexpr ShepherdGrace kGiveUpMs = 30'000;  // after KILL: a process may be stuck in a driver

ShepherdGrace NowMs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<ShepherdGrace>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

void Report(Kind kind, int value) {
  const ShepherdReport report{kind, value};
  // No signal interrupts: all are blocked. With the owner dead nobody reads.
  [[maybe_unused]] const ssize_t written = write(kStatus, &report, sizeof report);
}

// Keeps what the plan names, under fixed numbers, and closes all other descriptors: a pipe of our
// owner must reach its end when the owner dies.
bool KeepOwnDescriptors(const ShepherdPlan& plan) {
  const std::array<int, 5> from = {plan.stdin_fd, plan.output_fd, plan.output_fd, plan.control_fd,
                                   plan.status_fd};
  std::array<int, 5> moved{};
  for (std::size_t i = 0; i < from.size(); ++i) {
    moved.at(i) = fcntl(from.at(i), F_DUPFD, kFirstOther);
    if (moved.at(i) < 0) return false;
  }
  for (std::size_t i = 0; i < moved.size(); ++i) {
    if (dup2(moved.at(i), static_cast<int>(i)) < 0) return false;
  }
  fcntl(kControl, F_SETFD, FD_CLOEXEC);
  fcntl(kStatus, F_SETFD, FD_CLOEXEC);
#ifdef SYS_close_range
  if (syscall(SYS_close_range, static_cast<unsigned>(kFirstOther), ~0U, 0U) == 0) return true;
#endif
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const int last = static_cast<int>(std::min<rlim_t>(limit.rlim_cur, rlim_t{1} << 20));
  for (int fd = kFirstOther; fd < last; ++fd) close(fd);
  return true;
}

// The pid, or -1 with errno. The child shares this process's memory until its exec.
pid_t StartProgram(const ExecArguments& exec) {
  const pid_t self = getpid();
  volatile int error = 0;
  const pid_t pid = vfork();  // NOLINT(clang-analyzer-security.insecureAPI.vfork)
  if (pid == 0) {
    BecomeGroupOf(self);  // NOLINT(clang-analyzer-unix.Vfork): it calls what a handler may
    exec.Exec();
    error = errno;
    _exit(127);
  }
  if (pid < 0 || error == 0) return pid;
  waitpid(pid, nullptr, 0);
  errno = error;
  return -1;
}

// Sends `signal_number` to the children of this process, which are those whose parents died. The
// kernel lists them as decimal numbers with blanks between.
void SignalChildren(int signal_number) {
  const int list = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
  if (list < 0) return;
  std::array<char, 4096> text{};
  pid_t pid = 0;
  for (ssize_t got = 0; (got = read(list, text.data(), text.size())) > 0;) {
    for (ssize_t i = 0; i < got; ++i) {
      const char c = text.at(static_cast<std::size_t>(i));
      if (c >= '0' && c <= '9') {
        pid = pid * 10 + (c - '0');
      } else if (pid > 0) {
        kill(pid, signal_number);
        pid = 0;
      }
    }
  }
  close(list);
}

class Shepherd {
 public:
  Shepherd(pid_t program, ShepherdGrace grace_ms, int child_fd)
      : program_(program), grace_ms_(grace_ms), child_fd_(child_fd) {}

  // Until nobody is left: true; false where even KILL did not help.
  bool Watch() {
    while (ReapAll()) {
      if (is_ending_ && !SignalWhatIsDue()) return false;
      WaitForSomething();
    }
    return true;
  }

 private:
  // False when there is no child any more.
  bool ReapAll() {
    while (true) {
      int status = 0;
      const pid_t pid = waitpid(-1, &status, WNOHANG);
      if (pid == 0) return true;
      if (pid < 0) return false;
      if (pid == program_) ProgramEnded(status);
    }
  }

  void ProgramEnded(int status) {
    Report(Kind::kEnded, status);
    BeginEnd();
    // What left the group is a child of this process only now.
    SignalChildren(SIGTERM);
  }

  void BeginEnd() {
    if (is_ending_) return;
    is_ending_ = true;
    kill_at_ = NowMs() + grace_ms_;
    kill(-program_, SIGTERM);
  }

  // After the grace each end of a process may leave children of it here, which are next. False when
  // it is time to give up.
  bool SignalWhatIsDue() {
    const ShepherdGrace now = NowMs();
    if (now >= kill_at_ + kGiveUpMs) return false;
    if (now < kill_at_) return true;
    kill(-program_, SIGKILL);
    SignalChildren(SIGKILL);
    return true;
  }

  void WaitForSomething() {
    std::array<pollfd, 2> fds = {pollfd{child_fd_, POLLIN, 0},
                                 pollfd{is_ending_ ? -1 : kControl, POLLIN, 0}};
    poll(fds.data(), fds.size(), WaitMs());
    if (fds[0].revents != 0) {
      signalfd_siginfo info{};
      [[maybe_unused]] const ssize_t got = read(child_fd_, &info, sizeof info);
    }
    if (fds[1].revents != 0) {
      ShepherdGrace grace_ms = 0;
      if (read(kControl, &grace_ms, sizeof grace_ms) == sizeof grace_ms) grace_ms_ = grace_ms;
      BeginEnd();
    }
  }

  [[nodiscard]] int WaitMs() const {
    if (!is_ending_) return -1;
    const ShepherdGrace now = NowMs();
    const ShepherdGrace due = now < kill_at_ ? kill_at_ : kill_at_ + kGiveUpMs;
    return static_cast<int>(std::clamp<ShepherdGrace>(due - now, 0, 3'600'000));
  }

  pid_t program_;
  ShepherdGrace grace_ms_;
  int child_fd_;
  bool is_ending_ = false;
  ShepherdGrace kill_at_ = 0;
};

}  // namespace

void RunShepherd(const ShepherdPlan& plan) {
  setpgid(0, 0);
  prctl(PR_SET_NAME, "shepherd");
  // All signals stay blocked, those that the owner ignores are ignored. Not so that one: else the
  // children of an owner that ignores it would be reaped by the system.
  std::signal(SIGCHLD, SIG_DFL);
  DropHandlers();
  if (!KeepOwnDescriptors(plan)) _exit(127);
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  const int child_fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
  if (child_fd < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) {
    Report(Kind::kFailed, errno);
    _exit(127);
  }
  const pid_t program = StartProgram(plan.exec);
  if (program < 0) {
    Report(Kind::kFailed, errno);
    _exit(127);
  }
  Report(Kind::kStarted, program);
  const bool all_gone = Shepherd(program, plan.grace_ms, child_fd).Watch();
  Report(Kind::kGone, all_gone ? 0 : 1);
  _exit(0);
}

#endif

}  // namespace ollama_bench
