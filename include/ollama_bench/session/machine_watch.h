#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/core/clock.h"
#include "ollama_bench/core/stop_request.h"
#include "ollama_bench/machine/conditions.h"
#include "ollama_bench/machine/load_probe.h"
#include "ollama_bench/process/posix_process_runner.h"
#include "ollama_bench/sweep/observer.h"

namespace ollama_bench {

/// Looks out for what disturbs a sweep of a server on this machine. Each warning is one line that
/// names a remedy.
class MachineWatch {
 public:
  /// What is to be said before the first cell.
  std::vector<std::string> Begin(const StopRequest& stop);
  /// What happened since. Works after a stop request, too.
  std::vector<std::string> End();

 private:
  PosixProcessRunner runner_;
  GpuSlowdownTimes slowdown_before_;
};

/// What --wait-quiet says: a time as Ollama writes it ("90s", "1h30m"), or nothing for no limit.
/// Empty where it is neither.
std::optional<std::chrono::nanoseconds> ParseQuietLimit(const std::string& text);
/// For the command line: why `text` is none; empty where it is one.
std::string CheckQuietLimit(const std::string& text);

/// Waits until other programs have left the CPUs alone for some seconds, the limit has passed or a
/// stop is requested. `limit` 0 is none. Notifies `observer` of what it waits for and for how long.
void WaitUntilQuiet(IdleLoad& load, std::chrono::nanoseconds limit, Clock& clock,
                    const StopRequest& stop, Observer& observer);

}  // namespace ollama_bench
