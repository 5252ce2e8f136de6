#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "ollama_bench/core/expected.h"
#include "ollama_bench/core/stop_request.h"
#include "ollama_bench/session/session_error.h"

namespace ollama_bench {

/// What the command line says of how a command that measures ends.
struct ClosingFlags {
  bool quiet = false;
  bool json = false;
  std::string on_done;  ///< for `sh -c`; empty: nothing is run
};

/// The end of a command that measures: what it found on standard output, then the user's own
/// command and, on a terminal, the bell.
class Closing {
 public:
  explicit Closing(ClosingFlags flags);

  /// Prints what was found: `text`, or with --json the line that `json` gives.
  void Show(const std::function<std::string()>& text, const std::function<std::string()>& json);
  /// Prints the error, where there is one, and gives the exit code. Unless a stop was requested the
  /// user's command runs, with the answer's JSON on its standard input: the line of Show, else
  /// {"event":"error"} with the message, or {"event":"end"} where there is nothing to show. It has
  /// ten minutes, and ends with all that it started.
  ExitCode End(const Expected<ExitCode, SessionError>& outcome, const StopRequest& stop);

 private:
  void RunOnDone(ExitCode code, const std::string& answer, const StopRequest& stop) const;

  ClosingFlags flags_;
  std::chrono::steady_clock::time_point begun_;
  std::string answer_;  ///< one line of JSON; empty: nothing was shown
};

}  // namespace ollama_bench
