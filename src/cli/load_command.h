#pragma once

#include "ollama_bench/config/sweep_config.h"
#include "ollama_bench/core/stop_request.h"
#include "ollama_bench/session/session_error.h"
#include "ollama_bench/session/session_options.h"
#include "session_flags.h"

namespace ollama_bench {

/// Measures the levels of load that `config` names, of the workload load, and prints what they
/// show. The exit code is that of `run`.
ExitCode RunLoad(const RunOptions& options, const CommandFlags& flags, const SweepConfig& config,
                 const StopRequest& stop);

}  // namespace ollama_bench
