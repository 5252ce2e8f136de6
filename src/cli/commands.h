#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "ollama_bench/core/stop_request.h"

namespace ollama_bench {

// Each adds its command to `app` and, when it is chosen, lets `action` do it; what `action` returns
// is the program's exit code. `action` and `stop` must outlive `app`.

void AddRunCommand(CLI::App& app, std::function<int()>& action, const StopRequest& stop);
void AddTuneCommand(CLI::App& app, std::function<int()>& action, const StopRequest& stop);
void AddPlanCommand(CLI::App& app, std::function<int()>& action, const StopRequest& stop);
void AddStatusCommand(CLI::App& app, std::function<int()>& action, const StopRequest& stop);
void AddHeatmapCommand(CLI::App& app, std::function<int()>& action);
void AddPlotCommand(CLI::App& app, std::function<int()>& action);
void AddCompareCommand(CLI::App& app, std::function<int()>& action);
void AddMergeCommand(CLI::App& app, std::function<int()>& action);
void AddDoctorCommand(CLI::App& app, std::function<int()>& action, const StopRequest& stop);

}  // namespace ollama_bench
