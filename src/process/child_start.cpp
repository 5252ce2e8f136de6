#include "child_start.h"

#include <fmt/format.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <algorithm>
#include <cstring>
#include <string_view>

#include "ollama_bench/process/find_program.h"

// POSIX leaves its declaration to the program.
extern char** environ;  // NOLINT(readability-redundant-declaration)

namespace ollama_bench {
namespace {

bool Sets(std::string_view entry, std::string_view name) {
  return entry.starts_with(name) && entry.substr(name.size()).starts_with('=');
}

std::vector<std::string> MakeEnvironment(const ExecArguments::Variables& added,
                                         const std::vector<std::string>& removed) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const bool replaced = std::any_of(added.begin(), added.end(), [text](const auto& variable) {
      return Sets(text, variable.first);
    });
    const bool dropped = std::any_of(removed.begin(), removed.end(),
                                     [text](const auto& name) { return Sets(text, name); });
    if (!replaced && !dropped) result.emplace_back(text);
  }
  for (const auto& [name, value] : added) result.push_back(fmt::format("{}={}", name, value));
  return result;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

Expected<ExecArguments, std::string> ExecArguments::Make(const std::vector<std::string>& argv,
                                                         const Variables& added,
                                                         const std::vector<std::string>& removed) {
  const std::string& name = argv.at(0);
  ExecArguments made;
  // Found before the child is there, which may do little. A path is left to execve to refuse.
  made.program_ =
      name.find('/') != std::string::npos ? name : FindProgram(name).value_or("").string();
  if (made.program_.empty()) return Unexpected<std::string>(name + ": not found on PATH");
  made.arguments_ = argv;
  made.environment_ = MakeEnvironment(added, removed);
  made.argv_ = Pointers(made.arguments_);
  made.envp_ = Pointers(made.environment_);
  return made;
}

void ExecArguments::Exec() const {
  execve(program_.c_str(), argv_.data(), envp_.data());
}

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

void BecomeGroupOf([[maybe_unused]] pid_t parent) {
  setpgid(0, 0);
#ifdef __linux__
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);  // the parent died before prctl took effect
#endif
  DropHandlers();
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

Unexpected<std::string> StartError(const std::string& what, int error) {
  return Unexpected<std::string>(fmt::format("{}: {}", what, std::strerror(error)));
}

}  // namespace ollama_bench
