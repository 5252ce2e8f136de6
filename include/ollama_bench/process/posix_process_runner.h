#pragma once

#include <functional>

#include "ollama_bench/core/debug_log.h"
#include "ollama_bench/process/process_runner.h"

namespace ollama_bench {

/// Runs children with fork and exec. Each gets a process group of its own, so that a Ctrl+C at the
/// terminal reaches this program alone, and on Linux dies with this program. Standard input is a
/// file that holds the whole text, so no child can make a write fail or block.
class PosixProcessRunner : public ProcessRunner {
 public:
  /// `on_idle`, where given, is called a few times a second while a child runs; `log` takes a line
  /// on each child.
  explicit PosixProcessRunner(std::function<void()> on_idle = nullptr, DebugLog log = nullptr);

  ProcessOutcome Run(const ProcessRequest& request, const StopRequest& stop) override;

 private:
  std::function<void()> on_idle_;
  DebugLog log_;
};

}  // namespace ollama_bench
