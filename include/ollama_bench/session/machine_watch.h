#pragma once

#include <string>
#include <vector>

#include "ollama_bench/core/stop_request.h"
#include "ollama_bench/machine/conditions.h"
#include "ollama_bench/process/posix_process_runner.h"

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

}  // namespace ollama_bench
