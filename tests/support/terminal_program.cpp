#include "support/terminal_program.h"

#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <system_error>
#include <vector>

namespace ollama_bench::testing {
namespace {

winsize SizeOf(unsigned short columns) {
  winsize size{};
  size.ws_col = columns;
  size.ws_row = 24;
  return size;
}

[[noreturn]] void BecomeProgram(const Program& program) {
  setenv("TERM", "xterm-256color", 1);
  setenv(kLockFolderVariable, LockFolder().c_str(), 0);
  for (const auto& [name, value] : program.environment) setenv(name.c_str(), value.c_str(), 1);
  if (!program.folder.empty() && chdir(program.folder.c_str()) != 0) _exit(126);
  std::vector<std::string> arguments = program.argv;
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  execvp(argv[0], argv.data());
  _exit(127);
}

}  // namespace

TerminalProgram::TerminalProgram(const Program& program, unsigned short columns)
    : deadline_(std::chrono::steady_clock::now() + program.deadline) {
  const winsize size = SizeOf(columns);
  LockFolder();  // made here, not in the child
  pid_ = forkpty(&master_, nullptr, nullptr, &size);
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "forkpty");
  if (pid_ == 0) BecomeProgram(program);
}

TerminalProgram::~TerminalProgram() {
  if (!ended_) {
    kill(-pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  HangUp();
}

void TerminalProgram::Signal(int signal) const {
  if (!ended_) kill(pid_, signal);
}

void TerminalProgram::Type(std::string_view keys) const {
  if (write(master_, keys.data(), keys.size()) != static_cast<ssize_t>(keys.size())) {
    throw std::system_error(errno, std::generic_category(), "typing");
  }
}

void TerminalProgram::Resize(unsigned short columns) const {
  const winsize size = SizeOf(columns);
  ioctl(master_, TIOCSWINSZ, &size);
}

void TerminalProgram::HangUp() {
  if (master_ >= 0) close(master_);
  master_ = -1;
}

void TerminalProgram::Read() {
  pollfd wait{master_, POLLIN, 0};
  if (poll(&wait, 1, master_ < 0 ? 1 : 20) <= 0) return;
  char buffer[4096];
  const ssize_t got = read(master_, buffer, sizeof buffer);
  if (got > 0) {
    result_.out.append(buffer, static_cast<std::size_t>(got));
  } else {
    HangUp();  // EIO: nobody holds the other side any more
  }
}

bool TerminalProgram::Reap() {
  if (ended_) return true;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return false;
  ended_ = true;
  if (WIFEXITED(status)) result_.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) result_.signal = WTERMSIG(status);
  std::size_t before = 0;
  do {
    before = result_.out.size();
    Read();
  } while (result_.out.size() > before);
  return true;
}

bool TerminalProgram::WaitForOutput(std::string_view text, std::size_t from) {
  while (true) {
    const bool ended = Reap();
    if (result_.out.find(text, from) != std::string::npos) return true;
    if (ended || std::chrono::steady_clock::now() > deadline_) return false;
    Read();
  }
}

Ended TerminalProgram::Wait() {
  while (!Reap()) {
    if (!result_.timed_out && std::chrono::steady_clock::now() > deadline_) {
      result_.timed_out = true;
      kill(-pid_, SIGKILL);
    }
    Read();
  }
  return result_;
}

}  // namespace ollama_bench::testing
