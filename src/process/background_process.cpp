#include "ollama_bench/process/background_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "child_start.h"
#include "shepherd.h"

namespace ollama_bench {

#ifdef __linux__

namespace {

using Kind = ShepherdReport::Kind;

// As MakePipe, but a write whose reader is gone raises no signal.
std::optional<Pipe> MakeSocketPair() {
  int ends[2] = {-1, -1};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return std::nullopt;
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// fork, not vfork: the shepherd lives as long as the program, on a copy of this memory. All signals
// are blocked at its start and stay so.
pid_t StartShepherd(const ShepherdPlan& plan) {
  const SignalsBlocked blocked;
  const pid_t pid = fork();
  if (pid == 0) RunShepherd(plan);
  return pid;
}

}  // namespace

Expected<BackgroundProcess, std::string> BackgroundProcess::Start(
    const BackgroundRequest& request) {
  const auto exec = ExecArguments::Make(request.argv, request.environment, request.removed);
  if (!exec) return Unexpected<std::string>(exec.error());
  const UniqueFd input(open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!input.valid()) return StartError("/dev/null", errno);
  const UniqueFd output(
      open(request.log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644));
  if (!output.valid()) return StartError(request.log.string(), errno);
  auto control = MakeSocketPair();
  auto status = MakePipe();
  if (!control || !status) return StartError("cannot make a pipe", errno);

  const pid_t shepherd = StartShepherd({*exec, input.get(), output.get(), control->read_end.get(),
                                        status->write_end.get(), request.grace.count()});
  if (shepherd < 0) return StartError("cannot start a process", errno);
  status->write_end.Reset();
  BackgroundProcess process(std::move(control->write_end), std::move(status->read_end), shepherd,
                            request.grace);
  process.ReadReport(true);
  if (process.start_error_ != 0) return StartError(exec->program(), process.start_error_);
  if (process.pid_ < 0) {
    return Unexpected<std::string>(exec->program() + ": its watching process ended at the start");
  }
  return process;
}

// Takes the next report, where there is one or `wait` is true. False: none is there, or will be.
bool BackgroundProcess::ReadReport(bool wait) {
  if (shepherd_ended_ || !status_.valid()) return false;
  pollfd ready{status_.get(), POLLIN, 0};
  while (poll(&ready, 1, wait ? -1 : 0) < 0 && errno == EINTR) {
  }
  if (ready.revents == 0) return false;
  ShepherdReport report;
  ssize_t got = 0;
  while ((got = read(status_.get(), &report, sizeof report)) < 0 && errno == EINTR) {
  }
  if (got != sizeof report) {  // killed: it closes the pipe without its last report
    shepherd_ended_ = true;
    kill(-pid_, SIGKILL);
    return false;
  }
  switch (report.kind) {
    case Kind::kStarted:
      pid_ = report.value;
      break;
    case Kind::kFailed:
      start_error_ = report.value;
      shepherd_ended_ = true;
      break;
    case Kind::kEnded:
      wait_status_ = report.value;
      break;
    case Kind::kGone:
      shepherd_ended_ = true;
      has_survivors_ = report.value != 0;
      break;
  }
  return true;
}

bool BackgroundProcess::HasEnded() {
  while (!wait_status_ && ReadReport(false)) {
  }
  // A killed shepherd takes the program with it.
  return wait_status_.has_value() || shepherd_ended_;
}

std::string BackgroundProcess::HowItEnded() {
  if (!HasEnded()) return {};
  if (!wait_status_) return "killed together with the process that watches it";
  if (WIFEXITED(*wait_status_)) return fmt::format("exit status {}", WEXITSTATUS(*wait_status_));
  const int number = WTERMSIG(*wait_status_);
  return fmt::format("signal {} ({})", number, strsignal(number));
}

bool BackgroundProcess::End(std::chrono::milliseconds grace) {
  if (!control_.valid()) return !has_survivors_;
  const ShepherdGrace grace_ms = grace.count();
  // Fails where the shepherd has ended because everything has.
  [[maybe_unused]] const ssize_t sent =
      send(control_.get(), &grace_ms, sizeof grace_ms, MSG_NOSIGNAL);
  control_.Reset();
  while (ReadReport(true)) {
  }
  status_.Reset();
  while (waitpid(shepherd_, nullptr, 0) < 0 && errno == EINTR) {
  }
  return !has_survivors_;
}

#else

Expected<BackgroundProcess, std::string> BackgroundProcess::Start(
    const BackgroundRequest& request) {
  return Unexpected<std::string>(request.argv.at(0) + ": programs in the background need Linux");
}

bool BackgroundProcess::ReadReport(bool) {
  return false;
}

bool BackgroundProcess::HasEnded() {
  return true;
}

std::string BackgroundProcess::HowItEnded() {
  return {};
}

bool BackgroundProcess::End(std::chrono::milliseconds) {
  return true;
}

#endif

BackgroundProcess::~BackgroundProcess() {
  End(grace_);
}

BackgroundProcess& BackgroundProcess::operator=(BackgroundProcess&& other) noexcept {
  if (this == &other) return *this;
  End(grace_);
  control_ = std::move(other.control_);
  status_ = std::move(other.status_);
  shepherd_ = other.shepherd_;
  grace_ = other.grace_;
  pid_ = other.pid_;
  start_error_ = other.start_error_;
  shepherd_ended_ = other.shepherd_ended_;
  has_survivors_ = other.has_survivors_;
  wait_status_ = other.wait_status_;
  return *this;
}

}  // namespace ollama_bench
