#include "ollama_bench/cli/program.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <functional>
#include <optional>

#include "ollama_bench/cli/doctor_command.h"
#include "ollama_bench/cli/exit_code.h"
#include "ollama_bench/cli/heatmap_command.h"
#include "ollama_bench/cli/merge_command.h"
#include "ollama_bench/cli/plan_command.h"
#include "ollama_bench/cli/print.h"
#include "ollama_bench/cli/run_command.h"
#include "ollama_bench/cli/signals.h"
#include "ollama_bench/cli/status_command.h"
#include "ollama_bench/cli/version.h"
#include "ollama_bench/core/stop_request.h"

namespace ollama_bench {
namespace {

constexpr const char* kFooter =
    "Exit codes: 0 done, 1 no cell succeeded, 2 wrong usage or configuration,\n"
    "3 environment (no Ollama, no model, no disk), 4 results file refused.";

// What to return at once: after --help and --version, and after wrong usage. CLI11 has codes of its
// own; ours tell only right from wrong.
std::optional<int> Parse(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : static_cast<int>(ExitCode::kUsage);
  }
}

// Output that could not be written must not pass for written.
int CheckOutput(int code) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
  if (errno == EPIPE) DieOfSignal(SIGPIPE);
  Print(stderr, "ollama-bench: cannot write to standard output\n");
  return static_cast<int>(ExitCode::kEnvironment);
}

}  // namespace

int RunProgram(int argc, char** argv) {
  static StopRequest stop;
  InstallSignalHandlers(stop);
  CLI::App app(
      "Finds the fastest num_ctx x num_batch for a model on this machine's Ollama, and "
      "shows how far the answer can be trusted.",
      "ollama-bench");
  app.set_version_flag("--version", std::string("ollama-bench ") + kVersion);
  app.require_subcommand(0, 1);
  app.footer(kFooter);
  std::function<int()> action = [&app] {
    Print(stderr, "{}", app.help());
    return static_cast<int>(ExitCode::kUsage);
  };
  AddRunCommand(app, action, stop);
  AddPlanCommand(app, action, stop);
  AddStatusCommand(app, action, stop);
  AddHeatmapCommand(app, action);
  AddMergeCommand(app, action);
  AddDoctorCommand(app, action, stop);
  if (const auto code = Parse(app, argc, argv)) return CheckOutput(*code);
  int code = 0;
  try {
    code = action();
  } catch (const std::exception& error) {
    Print(stderr, "ollama-bench: {}\n", error.what());
    code = static_cast<int>(ExitCode::kEnvironment);
  }
  code = CheckOutput(code);
  if (stop.Requested()) DieOfSignal(stop.signal_number());
  return code;
}

}  // namespace ollama_bench
