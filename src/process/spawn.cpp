#include "spawn.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/mman.h>
#endif

#include <cerrno>
#include <cstdio>
#include <optional>
#include <string_view>

#include "child_start.h"

namespace ollama_bench {
namespace {

// An anonymous file; it costs no disk where the system has memfd.
UniqueFd MakeAnonymousFile() {
#ifdef __linux__
  if (const int fd = memfd_create("stdin", MFD_CLOEXEC); fd >= 0) return UniqueFd(fd);
#endif
  std::FILE* file = std::tmpfile();
  if (file == nullptr) return UniqueFd();
  UniqueFd fd(fcntl(fileno(file), F_DUPFD_CLOEXEC, 3));
  std::fclose(file);
  return fd;
}

std::optional<UniqueFd> MakeStdin(std::string_view text) {
  UniqueFd fd = MakeAnonymousFile();
  if (!fd.valid()) return std::nullopt;
  while (!text.empty()) {
    const ssize_t written = write(fd.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (lseek(fd.get(), 0, SEEK_SET) != 0) return std::nullopt;
  return fd;
}

struct ChildPlan {
  const ExecArguments& exec;
  int stdin_fd;
  int stdout_fd;
  int stderr_fd;
  int error_fd;
  pid_t parent;
};

[[noreturn]] void FailInChild(int error_fd) {
  const int error = errno;
  [[maybe_unused]] const ssize_t written = write(error_fd, &error, sizeof error);
  _exit(127);
}

// Runs in the child between vfork and exec, on the parent's memory and stack: async-signal-safe
// calls only, and nothing is changed that the parent still uses but errno.
[[noreturn]] void RunChild(const ChildPlan& plan) {
  BecomeGroupOf(plan.parent);
  if (dup2(plan.stdin_fd, STDIN_FILENO) < 0 || dup2(plan.stdout_fd, STDOUT_FILENO) < 0 ||
      dup2(plan.stderr_fd, STDERR_FILENO) < 0) {
    FailInChild(plan.error_fd);
  }
  plan.exec.Exec();
  FailInChild(plan.error_fd);
}

// vfork lends the child the parent's memory until it execs, where fork would copy the page tables:
// most of what a start costs once thousands of samples are in memory.
pid_t StartChild(const ChildPlan& plan) {
  const SignalsBlocked blocked;
#ifdef __linux__
  const pid_t pid = vfork();  // NOLINT(clang-analyzer-security.insecureAPI.vfork)
#else
  const pid_t pid = fork();
#endif
  if (pid == 0) RunChild(plan);  // NOLINT(clang-analyzer-unix.Vfork): it calls what a handler may
  return pid;
}

// The errno of a failed exec, or 0: the pipe closes by itself when exec succeeds.
int ReadExecError(int fd) {
  int error = 0;
  ssize_t got = 0;
  do {
    got = read(fd, &error, sizeof error);
  } while (got < 0 && errno == EINTR);
  return got == sizeof error ? error : 0;
}

UniqueFd OpenExitFd([[maybe_unused]] pid_t pid) {
#ifdef SYS_pidfd_open
  return UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
#else
  return UniqueFd();
#endif
}

}  // namespace

Expected<Child, std::string> Spawn(const ProcessRequest& request) {
  const auto exec = ExecArguments::Make(request.argv, request.environment, {});
  if (!exec) return Unexpected<std::string>(exec.error());
  auto input = MakeStdin(request.stdin_text);
  auto output = MakePipe();
  auto errors = MakePipe();
  auto exec_error = MakePipe();
  if (!input || !output || !errors || !exec_error) return StartError("cannot make a pipe", errno);

  const ChildPlan plan{*exec,
                       input->get(),
                       output->write_end.get(),
                       errors->write_end.get(),
                       exec_error->write_end.get(),
                       getpid()};
  const pid_t pid = StartChild(plan);
  if (pid < 0) return StartError("cannot start a process", errno);

  setpgid(pid, pid);  // also here: whichever comes first
  exec_error->write_end.Reset();
  if (const int error = ReadExecError(exec_error->read_end.get()); error != 0) {
    waitpid(pid, nullptr, 0);
    return StartError(exec->program(), error);
  }
  fcntl(output->read_end.get(), F_SETFL, O_NONBLOCK);
  fcntl(errors->read_end.get(), F_SETFL, O_NONBLOCK);
  return Child{pid, std::move(output->read_end), std::move(errors->read_end), OpenExitFd(pid)};
}

}  // namespace ollama_bench
