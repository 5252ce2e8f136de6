#include "spawn.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/mman.h>
#include <sys/prctl.h>
#endif

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string_view>

#include "ollama_bench/process/find_program.h"

// POSIX leaves its declaration to the program.
extern char** environ;  // NOLINT(readability-redundant-declaration)

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

std::vector<std::string> MakeEnvironment(const ProcessRequest& request) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    bool replaced = false;
    for (const auto& [name, value] : request.environment) {
      replaced = replaced || (text.starts_with(name) && text.substr(name.size()).starts_with('='));
    }
    if (!replaced) result.emplace_back(text);
  }
  for (const auto& [name, value] : request.environment) {
    result.push_back(fmt::format("{}={}", name, value));
  }
  return result;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

struct ChildPlan {
  const char* program;
  char* const* argv;
  char* const* envp;
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

// A handler of ours must not run in the child: it would work on the parent's memory.
void DropHandlers() {
  for (int signal_number = 1; signal_number < NSIG; ++signal_number) {
    struct sigaction action {};
    if (sigaction(signal_number, nullptr, &action) != 0) continue;
    if (action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN) continue;
    action.sa_handler = SIG_DFL;
    action.sa_flags = 0;
    sigaction(signal_number, &action, nullptr);
  }
}

// Runs in the child between vfork and exec, on the parent's memory and stack: async-signal-safe
// calls only, and nothing is changed that the parent still uses but errno.
[[noreturn]] void RunChild(const ChildPlan& plan) {
  setpgid(0, 0);
#ifdef __linux__
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != plan.parent) _exit(127);  // the parent died before prctl took effect
#endif
  DropHandlers();
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (dup2(plan.stdin_fd, STDIN_FILENO) < 0 || dup2(plan.stdout_fd, STDOUT_FILENO) < 0 ||
      dup2(plan.stderr_fd, STDERR_FILENO) < 0) {
    FailInChild(plan.error_fd);
  }
  execve(plan.program, plan.argv, plan.envp);
  FailInChild(plan.error_fd);
}

// Keeps every signal away from this thread as long as it lives.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

// vfork lends the child the parent's memory until it execs, where fork would copy the page tables:
// most of what a start costs once thousands of samples are in memory. The child begins with all
// signals blocked, so that no handler runs before it has dropped them.
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

Unexpected<std::string> StartError(const std::string& what, int error) {
  return Unexpected<std::string>(fmt::format("{}: {}", what, std::strerror(error)));
}

}  // namespace

Expected<Child, std::string> Spawn(const ProcessRequest& request) {
  const std::string& name = request.argv.at(0);
  // Found before the child is there, which may do little. A path is left to execve to refuse.
  const std::string program =
      name.find('/') != std::string::npos ? name : FindProgram(name).value_or("").string();
  if (program.empty()) return Unexpected<std::string>(name + ": not found on PATH");
  auto input = MakeStdin(request.stdin_text);
  auto output = MakePipe();
  auto errors = MakePipe();
  auto exec_error = MakePipe();
  if (!input || !output || !errors || !exec_error) return StartError("cannot make a pipe", errno);

  std::vector<std::string> arguments = request.argv;
  std::vector<std::string> environment = MakeEnvironment(request);
  const std::vector<char*> argv = Pointers(arguments);
  const std::vector<char*> envp = Pointers(environment);
  const ChildPlan plan{program.c_str(),
                       argv.data(),
                       envp.data(),
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
    return StartError(program, error);
  }
  fcntl(output->read_end.get(), F_SETFL, O_NONBLOCK);
  fcntl(errors->read_end.get(), F_SETFL, O_NONBLOCK);
  return Child{pid, std::move(output->read_end), std::move(errors->read_end), OpenExitFd(pid)};
}

}  // namespace ollama_bench
