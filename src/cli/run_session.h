#pragma once

#include "ollama_bench/config/sweep_config.h"
#include "ollama_bench/core/stop_request.h"
#include "ollama_bench/session/session_error.h"
#include "ollama_bench/session/session_options.h"
#include "session_flags.h"

namespace ollama_bench {

/// Runs a sweep as configured, from opening the store to the closing report. Progress, warnings and
/// errors go to stderr, the report to stdout. When `stop` was requested, what is safe is safe, and
/// the caller lets the program die of the signal.
ExitCode RunSweep(const RunOptions& options, const CommandFlags& flags, const SweepConfig& config,
                  const StopRequest& stop);

}  // namespace ollama_bench
