#pragma once

#include "ollama_bench/config/sweep_config.h"
#include "ollama_bench/core/expected.h"
#include "ollama_bench/core/stop_request.h"
#include "ollama_bench/session/session_error.h"
#include "ollama_bench/session/session_options.h"
#include "session_flags.h"

namespace ollama_bench {

/// That load can be measured with these options. kUsage for a driver that cannot.
Expected<void, SessionError> CheckOptionsOfLoad(const RunOptions& options);

/// Measures the levels of load that `config` names, of the workload load, and prints what they
/// show. The exit code is that of `run`.
ExitCode RunLoad(const RunOptions& options, const CommandFlags& flags, const SweepConfig& config,
                 const StopRequest& stop);

}  // namespace ollama_bench
