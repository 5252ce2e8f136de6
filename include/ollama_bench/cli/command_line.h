#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "ollama_bench/core/stop_request.h"

namespace ollama_bench {

/// Declares the whole command line on `app`. Parsing it makes `action` what is to be done; both,
/// and `stop`, must outlive it. Without a command that is to print the help.
void DeclareCommandLine(CLI::App& app, std::function<int()>& action, const StopRequest& stop);

}  // namespace ollama_bench
