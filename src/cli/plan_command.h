#pragma once

#include "ollama_bench/config/sweep_config.h"
#include "ollama_bench/core/stop_request.h"
#include "ollama_bench/session/session_error.h"
#include "ollama_bench/session/session_options.h"
#include "session_flags.h"

namespace ollama_bench {

/// Prints what a run with these options would do, and returns what it would begin with: kDone, or
/// the code of what prevents it.
ExitCode ShowPlan(const RunOptions& options, const CommandFlags& flags, const SweepConfig& config,
                  const StopRequest& stop);

}  // namespace ollama_bench
