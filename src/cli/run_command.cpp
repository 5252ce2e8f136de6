#include "ollama_bench/cli/run_command.h"

#include <fmt/format.h>

#include <memory>

#include "ollama_bench/cli/run_session.h"

namespace ollama_bench {
namespace {

int Run(const RunOptions& options, const StopRequest& stop) {
  const auto config = LoadConfigOf(options.session);
  if (!config) {
    for (const ConfigError& error : config.error()) {
      fmt::print(stderr, "ollama-bench: {}\n", FormatConfigError(error));
    }
    return static_cast<int>(ExitCode::kUsage);
  }
  return static_cast<int>(RunSweep(options, *config, stop));
}

}  // namespace

void AddRunCommand(CLI::App& app, std::function<int()>& action, const StopRequest& stop) {
  const auto options = std::make_shared<RunOptions>();
  CLI::App* run = app.add_subcommand("run", "Measure every cell of a num_ctx x num_batch grid");
  run->footer(
      "Without a grid, one of at most 16 cells is chosen that fits the model and the memory.\n"
      "Interrupt it as you like: the same command goes on where it stopped.\n"
      "Examples: ollama-bench run --model qwen3:4b\n"
      "          ollama-bench run --model qwen3:4b --ctx 4096,8192 --batch 256,512,1024");
  AddSessionFlags(*run, options->session);
  run->add_option("--limit", options->limit, "Measure at most so many cells, then stop")
      ->type_name("N")
      ->check(CLI::PositiveNumber);
  run->add_flag("--retry-failed", options->retry_failed, "Measure failed cells again");
  run->callback(
      [options, &action, &stop] { action = [options, &stop] { return Run(*options, stop); }; });
}

}  // namespace ollama_bench
