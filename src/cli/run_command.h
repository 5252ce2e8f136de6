#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "ollama_bench/config/sweep_config.h"
#include "ollama_bench/core/stop_request.h"
#include "ollama_bench/session/session_error.h"
#include "ollama_bench/session/session_options.h"
#include "session_flags.h"

namespace ollama_bench {

/// Adds `run` to `app` and, when it is chosen, lets `action` do it.
void AddRunCommand(CLI::App& app, std::function<int()>& action, const StopRequest& stop);

/// Adds the flags that say what is swept and measured; `options` and `flags` must outlive `app`.
void AddRunFlags(CLI::App& app, RunOptions& options, CommandFlags& flags);

/// What `act` returns for the configuration of `flags`, or that of wrong usage after its errors
/// were printed.
int WithConfig(const CommandFlags& flags, const std::function<ExitCode(const SweepConfig&)>& act);

}  // namespace ollama_bench
