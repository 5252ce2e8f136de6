#include "ollama_bench/cli/program.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <functional>
#include <optional>

#include "command_line.h"
#include "ollama_bench/core/stop_request.h"
#include "ollama_bench/session/session_error.h"
#include "signals.h"
#include "terminal.h"

namespace ollama_bench {
namespace {

// What to return at once: after --help and --version, and after wrong usage. CLI11 has codes of its
// own; ours only separate right from wrong.
std::optional<int> Parse(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::ExtrasError&) {
    Print(stderr, "ollama-bench: {}\n", DescribeStrayArguments(app));
    return static_cast<int>(ExitCode::kUsage);
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
  CLI::App app;
  std::function<int()> action;
  DeclareCommandLine(app, action, stop);
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
