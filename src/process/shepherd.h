#pragma once

#include <chrono>

#include "child_start.h"

namespace ollama_bench {

/// What the shepherd writes on its status pipe, one whole record at a time.
struct ShepherdReport {
  enum class Kind : int {
    kStarted,  ///< `value`: the program's pid
    kFailed,   ///< `value`: errno of the start; the last report
    kEnded,    ///< `value`: the program's wait status
    kGone,     ///< the last report; `value` 1 where something survived KILL
  };
  Kind kind = Kind::kFailed;
  int value = 0;
};

/// What its owner may write on the control pipe before it closes it: the grace in milliseconds.
using ShepherdGrace = long long;

struct ShepherdPlan {
  const ExecArguments& exec;
  int stdin_fd;
  int output_fd;
  int control_fd;  ///< read end: whatever comes, its end included, ends the program
  int status_fd;   ///< write end
  ShepherdGrace grace_ms;
};

/// The life of a shepherd: a process just forked, all signals blocked, that starts the program,
/// waits for its end or for the control pipe, ends every descendant, reports and exits. It calls
/// async-signal-safe functions and system calls only. Linux.
[[noreturn]] void RunShepherd(const ShepherdPlan& plan);

}  // namespace ollama_bench
