#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "ollama_bench/core/stop_request.h"

namespace ollama_bench {

/// Adds `status` to `app` and, when it is chosen, lets `action` do it.
void AddStatusCommand(CLI::App& app, std::function<int()>& action, const StopRequest& stop);

}  // namespace ollama_bench
