#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ollama_bench/core/stop_request.h"

namespace ollama_bench {

/// A program to run. There is no shell: `argv[0]` is looked up on PATH unless it holds a slash.
struct ProcessRequest {
  std::vector<std::string> argv;
  std::vector<std::pair<std::string, std::string>> environment;  ///< added to the inherited one
  std::string stdin_text;                                        ///< given whole, then end of file
  std::chrono::milliseconds timeout{0};
  /// Between TERM and KILL, where its time is up or a stop is requested.
  std::chrono::milliseconds grace{5000};
  /// Takes the bytes of its standard output as they come; may be empty.
  std::function<void(std::string_view bytes)> on_stdout = {};
};

/// How a child ended and what it said.
struct ProcessOutcome {
  enum class End {
    kExited,       ///< by itself: `exit_code`
    kSignaled,     ///< by a signal that was not ours: `signal_number`
    kTimedOut,     ///< ended by us after `timeout`
    kInterrupted,  ///< ended by us on a stop request
    kNotStarted,   ///< `start_error` says why
  };
  End end = End::kNotStarted;
  int exit_code = 0;
  int signal_number = 0;
  std::string start_error;
  std::string stdout_tail;  ///< raw bytes, the last 64 KiB at most
  std::string stderr_tail;
  std::chrono::nanoseconds wall{0};
};

/// "exit status 2", "ended by signal 9", "timed out", "interrupted", or why it was not started; for
/// a person.
std::string DescribeEnd(const ProcessOutcome& outcome);

/// Runs children, so that the drivers can be tested without any. Not thread-safe.
class ProcessRunner {
 public:
  virtual ~ProcessRunner() = default;

  /// Runs one child to its end, its deadline, or a stop request, whichever comes first; never
  /// throws. When it returns, nothing of the child's process group is left running.
  virtual ProcessOutcome Run(const ProcessRequest& request, const StopRequest& stop) = 0;
};

}  // namespace ollama_bench
