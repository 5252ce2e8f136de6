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

/// Why the words could not be parsed, for any other error, and where to read on.
std::string DescribeWrongUsage(const CLI::App& app, const CLI::ParseError& error);

// Each adds its command to `app` and, when it is chosen, lets `action` do it; what `action` returns
// is the program's exit code. `action` and `stop` must outlive `app`.

void AddRunCommand(CLI::App& app, std::function<int()>& action, const StopRequest& stop);
void AddLoadCommand(CLI::App& app, std::function<int()>& action, const StopRequest& stop);
void AddScaleCommand(CLI::App& app, std::function<int()>& action, const StopRequest& stop);
void AddSuiteCommand(CLI::App& app, std::function<int()>& action, const StopRequest& stop);
void AddTuneCommand(CLI::App& app, std::function<int()>& action, const StopRequest& stop);
void AddPlanCommand(CLI::App& app, std::function<int()>& action, const StopRequest& stop);
void AddPromptsCommand(CLI::App& app, std::function<int()>& action, const StopRequest& stop);
void AddStatusCommand(CLI::App& app, std::function<int()>& action, const StopRequest& stop);
void AddHeatmapCommand(CLI::App& app, std::function<int()>& action);
void AddPlotCommand(CLI::App& app, std::function<int()>& action);
void AddReportCommand(CLI::App& app, std::function<int()>& action);
void AddCompareCommand(CLI::App& app, std::function<int()>& action);
void AddMergeCommand(CLI::App& app, std::function<int()>& action);
void AddExportCommand(CLI::App& app, std::function<int()>& action, const StopRequest& stop);
void AddDoctorCommand(CLI::App& app, std::function<int()>& action, const StopRequest& stop);

}  // namespace ollama_bench
