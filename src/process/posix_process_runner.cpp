#include "ollama_bench/process/posix_process_runner.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "ollama_bench/core/text.h"
#include "spawn.h"

namespace ollama_bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using End = ProcessOutcome::End;

constexpr milliseconds kDrain{500};       // for output after the child's end
constexpr milliseconds kIdleTick{200};    // between calls of on_idle
constexpr milliseconds kNoPidfdTick{10};  // where the child's end must be asked for
constexpr std::size_t kReadSize = std::size_t{64} * 1024;

/// Keeps the last `kLimit` bytes of a stream of any length in at most twice that memory.
class TailBuffer {
 public:
  static constexpr std::size_t kLimit = std::size_t{64} * 1024;

  void Append(std::string_view bytes) {
    text_ += bytes;
    if (text_.size() > 2 * kLimit) text_.erase(0, text_.size() - kLimit);
  }
  [[nodiscard]] std::string Take() {
    if (text_.size() > kLimit) text_.erase(0, text_.size() - kLimit);
    return std::move(text_);
  }

 private:
  std::string text_;
};

struct Stream {
  UniqueFd fd;
  TailBuffer tail;
};

/// One child from its start to its last byte.
class Supervision {
 public:
  Supervision(Child child, const ProcessRequest& request, const StopRequest& stop,
              const std::function<void()>& on_idle)
      : pid_(child.pid),
        exit_fd_(std::move(child.exit_fd)),
        stop_(stop),
        on_idle_(on_idle),
        on_stdout_(request.on_stdout),
        grace_(request.grace),
        start_(steady_clock::now()),
        deadline_(start_ + request.timeout) {
    streams_[0].fd = std::move(child.stdout_pipe);
    streams_[1].fd = std::move(child.stderr_pipe);
  }

  ProcessOutcome Watch() {
    while (!HasEnded()) {
      EndIfDue();
      WaitForSomething(NextWake());
    }
    const auto wall = steady_clock::now() - start_;
    // The zombie still holds the group's number, so nobody else's group can be hit.
    kill(-pid_, SIGKILL);
    Drain();
    ProcessOutcome outcome = Reap();
    outcome.wall = wall;
    outcome.stdout_tail = streams_[0].tail.Take();
    outcome.stderr_tail = streams_[1].tail.Take();
    return outcome;
  }

 private:
  [[nodiscard]] bool HasEnded() const {
    siginfo_t info{};
    return waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == pid_;
  }

  // Ends the child politely when a stop is requested or its time is up, then for good.
  void EndIfDue() {
    const auto now = steady_clock::now();
    if (!ended_by_us_) {
      if (stop_.Requested()) {
        ended_by_us_ = End::kInterrupted;
      } else if (now >= deadline_) {
        ended_by_us_ = End::kTimedOut;
      } else {
        return;
      }
      kill(-pid_, SIGTERM);
      kill_at_ = now + grace_;
    } else if (now >= kill_at_) {
      kill(-pid_, SIGKILL);
    }
  }

  [[nodiscard]] milliseconds NextWake() const {
    const auto due = (ended_by_us_ ? kill_at_ : deadline_) - steady_clock::now();
    auto wait = std::chrono::ceil<milliseconds>(due);
    if (on_idle_) wait = std::min(wait, kIdleTick);
    if (!exit_fd_.valid()) wait = std::min(wait, kNoPidfdTick);
    return std::clamp(wait, milliseconds(1), milliseconds(60'000));
  }

  void WaitForSomething(milliseconds limit) {
    // After our TERM the wake descriptor stays readable: watching it would spin.
    const int wake_fd = ended_by_us_ ? -1 : stop_.wake_fd();
    std::array<pollfd, 4> fds = {pollfd{streams_[0].fd.get(), POLLIN, 0},
                                 pollfd{streams_[1].fd.get(), POLLIN, 0},
                                 pollfd{exit_fd_.get(), POLLIN, 0}, pollfd{wake_fd, POLLIN, 0}};
    const int ready = poll(fds.data(), fds.size(), static_cast<int>(limit.count()));
    for (std::size_t i = 0; ready > 0 && i < streams_.size(); ++i) {
      if (fds.at(i).revents != 0) ReadOnce(streams_.at(i));
    }
    if (ready == 0 && on_idle_) on_idle_();
  }

  // Reads once, so that a child that never stops writing cannot keep its deadline away.
  void ReadOnce(Stream& stream) {
    std::array<char, kReadSize> buffer;
    const ssize_t got = read(stream.fd.get(), buffer.data(), buffer.size());
    if (got > 0) {
      const std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
      stream.tail.Append(bytes);
      if (&stream == streams_.data() && on_stdout_) on_stdout_(bytes);
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
      stream.fd.Reset();
    }
  }

  // A grandchild that left the group can hold the pipes open for ever, hence the bound.
  void Drain() {
    exit_fd_.Reset();
    const auto until = steady_clock::now() + kDrain;
    while (streams_[0].fd.valid() || streams_[1].fd.valid()) {
      const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now());
      if (left <= milliseconds(0)) return;
      std::array<pollfd, 2> fds = {pollfd{streams_[0].fd.get(), POLLIN, 0},
                                   pollfd{streams_[1].fd.get(), POLLIN, 0}};
      poll(fds.data(), fds.size(), static_cast<int>(left.count()));
      for (std::size_t i = 0; i < fds.size(); ++i) {
        if (fds.at(i).revents != 0) ReadOnce(streams_.at(i));
      }
    }
  }

  ProcessOutcome Reap() {
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    ProcessOutcome outcome;
    if (WIFEXITED(status)) {
      outcome.end = End::kExited;
      outcome.exit_code = WEXITSTATUS(status);
    } else {
      outcome.end = End::kSignaled;
      outcome.signal_number = WTERMSIG(status);
    }
    if (ended_by_us_) outcome.end = *ended_by_us_;
    return outcome;
  }

  pid_t pid_;
  UniqueFd exit_fd_;
  const StopRequest& stop_;
  const std::function<void()>& on_idle_;
  const std::function<void(std::string_view)>& on_stdout_;
  milliseconds grace_;
  steady_clock::time_point start_;
  steady_clock::time_point deadline_;
  steady_clock::time_point kill_at_;
  std::optional<End> ended_by_us_;
  std::array<Stream, 2> streams_;
};

// "ollama create … : exit status 0 after 95 ms".
std::string Describe(const ProcessRequest& request, const ProcessOutcome& outcome) {
  std::string text;
  for (const std::string& word : request.argv) {
    text += (text.empty() ? "" : " ") + Printable(StartOf(word, 200), false);
  }
  return fmt::format("{}: {} after {}", text, DescribeEnd(outcome), FormatDuration(outcome.wall));
}

}  // namespace

std::string DescribeEnd(const ProcessOutcome& outcome) {
  switch (outcome.end) {
    case End::kExited:
      return fmt::format("exit status {}", outcome.exit_code);
    case End::kSignaled:
      return fmt::format("ended by signal {}", outcome.signal_number);
    case End::kTimedOut:
      return "timed out";
    case End::kInterrupted:
      return "interrupted";
    case End::kNotStarted:
      break;
  }
  return "not started, " + Printable(outcome.start_error, false);
}

PosixProcessRunner::PosixProcessRunner(std::function<void()> on_idle, DebugLog log)
    : on_idle_(std::move(on_idle)), log_(std::move(log)) {}

ProcessOutcome PosixProcessRunner::Run(const ProcessRequest& request, const StopRequest& stop) {
  Expected<Child, std::string> child = Spawn(request);
  ProcessOutcome outcome;
  if (child) {
    outcome = Supervision(std::move(*child), request, stop, on_idle_).Watch();
  } else {
    outcome.start_error = child.error();
  }
  if (log_) log_(Describe(request, outcome));
  return outcome;
}

}  // namespace ollama_bench
