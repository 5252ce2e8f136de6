#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace ollama_bench {

/// Adds `heatmap` to `app` and, when it is chosen, lets `action` do it.
void AddHeatmapCommand(CLI::App& app, std::function<int()>& action);

}  // namespace ollama_bench
