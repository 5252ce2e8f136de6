#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "ollama_bench/core/stop_request.h"

namespace ollama_bench {

/// Declares the whole command line on `app`. Parsing it makes `action` what is to be done; both,
/// and `stop`, must outlive it. Without a command that is to print the help.
void DeclareCommandLine(CLI::App& app, std::function<int()>& action, const StopRequest& stop);

/// After parsing found words that nothing takes: which one, what is spelt like it, and where to
/// read on.
std::string DescribeStrayArguments(const CLI::App& app);

}  // namespace ollama_bench
