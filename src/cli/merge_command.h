#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace ollama_bench {

/// Adds `merge` to `app` and, when it is chosen, lets `action` do it.
void AddMergeCommand(CLI::App& app, std::function<int()>& action);

}  // namespace ollama_bench
