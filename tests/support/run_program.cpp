#include "support/run_program.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <system_error>

#include "support/temporary_folder.h"

extern char** environ;

namespace ollama_bench::testing {

std::string BenchProgram() {
  return IsOtherBuild() ? std::getenv(kProgramVariable) : OLLAMA_BENCH_BUILT_PROGRAM;
}

bool IsOtherBuild() {
  return std::getenv(kProgramVariable) != nullptr;
}

Program BenchCommand(const std::vector<std::string>& arguments, std::string folder,
                     std::vector<std::pair<std::string, std::string>> environment) {
  Program program;
  program.argv = {BenchProgram()};
  program.argv.insert(program.argv.end(), arguments.begin(), arguments.end());
  program.folder = std::move(folder);
  program.environment = std::move(environment);
  return program;
}

const std::string& LockFolder() {
  static const TemporaryFolder folder;
  static const std::string path = folder.path().string();
  return path;
}

namespace {

std::vector<std::string> Environment(
    const std::vector<std::pair<std::string, std::string>>& added) {
  std::vector<std::string> all;
  bool has_lock_folder = false;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::string name = text.substr(0, text.find('='));
    has_lock_folder = has_lock_folder || name == kLockFolderVariable;
    const bool replaced = std::any_of(added.begin(), added.end(),
                                      [&name](const auto& pair) { return pair.first == name; });
    if (!replaced) all.push_back(text);
  }
  for (const auto& [name, value] : added) {
    has_lock_folder = has_lock_folder || name == kLockFolderVariable;
    all.push_back(name + "=" + value);
  }
  if (!has_lock_folder) all.push_back(kLockFolderVariable + ("=" + LockFolder()));
  return all;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

File InputFile(const std::string& input) {
  File file(std::tmpfile(), std::fclose);
  std::fwrite(input.data(), 1, input.size(), file.get());
  std::rewind(file.get());
  return file;
}

}  // namespace

RunningProgram::RunningProgram(const Program& program)
    : deadline_(std::chrono::steady_clock::now() + program.deadline) {
  int out[2];
  int err[2];
  if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) {
    throw std::system_error(errno, std::generic_category(), "pipe");
  }
  const File input = InputFile(program.input);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, fileno(input.get()), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err[1], STDERR_FILENO);
  if (!program.folder.empty()) {
    posix_spawn_file_actions_addchdir_np(&actions, program.folder.c_str());
  }
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  std::vector<std::string> argv = program.argv;
  std::vector<std::string> environment = Environment(program.environment);
  const int error = posix_spawnp(&pid_, argv.front().c_str(), &actions, &attributes,
                                 Pointers(argv).data(), Pointers(environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  close(out[1]);
  close(err[1]);
  pipes_[0] = out[0];
  pipes_[1] = err[0];
  for (const int pipe : pipes_) fcntl(pipe, F_SETFL, O_NONBLOCK);
  if (error == 0) return;
  for (const int pipe : pipes_) close(pipe);
  throw std::system_error(error, std::generic_category(), argv.front());
}

RunningProgram::~RunningProgram() {
  if (!ended_) {
    SignalGroup(SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  for (const int pipe : pipes_) {
    if (pipe >= 0) close(pipe);
  }
}

void RunningProgram::Signal(int signal) const {
  if (!ended_) kill(pid_, signal);
}

void RunningProgram::SignalGroup(int signal) const {
  if (!ended_) kill(-pid_, signal);
}

void RunningProgram::Read() {
  pollfd waits[2] = {{pipes_[0], POLLIN, 0}, {pipes_[1], POLLIN, 0}};
  // Both pipes at their end: the program is about to end too.
  poll(waits, 2, pipes_[0] < 0 && pipes_[1] < 0 ? 1 : 20);
  for (int i = 0; i < 2; ++i) {
    if (waits[i].revents == 0) continue;
    char buffer[1 << 16];
    const ssize_t got = read(pipes_[i], buffer, sizeof buffer);
    if (got > 0) {
      (i == 0 ? result_.out : result_.err).append(buffer, static_cast<std::size_t>(got));
    } else if (got == 0) {
      close(pipes_[i]);
      pipes_[i] = -1;
    }
  }
}

bool RunningProgram::Reap() {
  if (ended_) return true;
  siginfo_t info{};
  if (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
      info.si_pid != pid_) {
    return false;
  }
  // Not reaped yet, so that the group's number cannot be another's.
  SignalGroup(SIGKILL);
  int status = 0;
  waitpid(pid_, &status, 0);
  ended_ = true;
  if (WIFEXITED(status)) result_.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) result_.signal = WTERMSIG(status);
  // What it left in the pipes.
  std::size_t before = 0;
  do {
    before = result_.out.size() + result_.err.size();
    Read();
  } while (result_.out.size() + result_.err.size() > before);
  return true;
}

bool RunningProgram::WaitForOutput(std::string_view text, std::chrono::seconds limit) {
  const auto end = std::min(deadline_, std::chrono::steady_clock::now() + limit);
  while (true) {
    const bool ended = Reap();
    for (const std::string* output : {&result_.out, &result_.err}) {
      if (output->find(text) != std::string::npos) return true;
    }
    if (ended || std::chrono::steady_clock::now() > end) return false;
    Read();
  }
}

Ended RunningProgram::Wait() {
  while (!Reap()) {
    if (!result_.timed_out && std::chrono::steady_clock::now() > deadline_) {
      result_.timed_out = true;
      SignalGroup(SIGKILL);
    }
    Read();
  }
  return result_;
}

Ended RunProgram(const Program& program) {
  return RunningProgram(program).Wait();
}

std::vector<std::string> WithoutReplaced(const std::vector<std::string>& arguments) {
  std::vector<std::string> kept;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& flag = arguments[i];
    const bool takes_value = flag.starts_with("--") && flag != "--where" &&
                             i + 1 < arguments.size() && !arguments[i + 1].starts_with("-");
    const auto behind = arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1;
    if (takes_value && std::find(behind, arguments.end(), flag) != arguments.end()) {
      ++i;
    } else {
      kept.push_back(flag);
    }
  }
  return kept;
}

}  // namespace ollama_bench::testing
