#pragma once

#include <sys/types.h>

#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include "ollama_bench/core/expected.h"

// What every start of a child is made of. Everything that allocates is done before the fork.
namespace ollama_bench {

/// A program with its arguments and environment as execve takes them.
class ExecArguments {
 public:
  using Variables = std::vector<std::pair<std::string, std::string>>;

  /// Looks `argv[0]` up on PATH unless it holds a slash. The environment is the inherited one
  /// without `removed`, with `added`. The error names the program.
  static Expected<ExecArguments, std::string> Make(const std::vector<std::string>& argv,
                                                   const Variables& added,
                                                   const std::vector<std::string>& removed);

  [[nodiscard]] const std::string& program() const { return program_; }
  /// Replaces this process; returns, with errno, only where that fails. Async-signal-safe.
  void Exec() const;

 private:
  ExecArguments() = default;

  // The pointers are to the texts of the vectors, which stay where they are when this is moved.
  std::string program_;
  std::vector<std::string> arguments_;
  std::vector<std::string> environment_;
  std::vector<char*> argv_;
  std::vector<char*> envp_;
};

/// Keeps every signal away from this thread as long as it lives. A child that is started meanwhile
/// begins with all of them blocked, so that no handler runs before it has dropped them.
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

/// Sets every handler of ours to the default: it would work on the parent's memory. What is ignored
/// stays ignored. Async-signal-safe.
void DropHandlers();

/// Makes this process, a child of `parent` about to exec, the leader of a process group of its own
/// that dies with `parent`, without handlers and with no signal blocked. Ends it where `parent` is
/// dead. Async-signal-safe.
void BecomeGroupOf(pid_t parent);

/// "what: reason of errno".
Unexpected<std::string> StartError(const std::string& what, int error);

}  // namespace ollama_bench
