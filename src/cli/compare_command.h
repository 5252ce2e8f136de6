#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace ollama_bench {

/// Adds `compare` to `app` and, when it is chosen, lets `action` do it.
void AddCompareCommand(CLI::App& app, std::function<int()>& action);

}  // namespace ollama_bench
