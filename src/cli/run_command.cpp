#include "ollama_bench/cli/run_command.h"

#include <fmt/format.h>

#include <memory>

#include "ollama_bench/cli/print.h"
#include "ollama_bench/cli/run_session.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDefaultConfig = "benchmark_config.yaml";

// A configuration in the present folder counts where none is named, as people know it.
std::optional<fs::path> ConfigFile(const RunOptions& options) {
  std::error_code error;
  if (!options.config && fs::is_regular_file(kDefaultConfig, error)) return kDefaultConfig;
  return options.config;
}

int Run(const RunOptions& options, const StopRequest& stop) {
  const auto config = LoadSweepConfig(ConfigFile(options), options.overrides);
  if (!config) {
    for (const ConfigError& error : config.error()) {
      Print(stderr, "ollama-bench: {}\n", FormatConfigError(error));
    }
    return static_cast<int>(ExitCode::kUsage);
  }
  return static_cast<int>(RunSweep(options, *config, stop));
}

void AddSweepFlags(CLI::App& run, RunOptions& options) {
  for (const Parameter& parameter : AllParameters()) {
    // Files may hold it, for versions that know what to do with it; a flag would promise too much.
    if (parameter.key == "confirm") continue;
    run.add_option(std::string(parameter.flag), options.overrides.*parameter.override_value,
                   std::string(parameter.help))
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)
        ->group("Sweep (beats the configuration file)");
  }
  run.add_flag("--row-first,!--no-row-first", options.overrides.row_first,
               "All num_ctx of one num_batch first")
      ->group("Sweep (beats the configuration file)");
}

void AddOwnFlags(CLI::App& run, RunOptions& options) {
  run.add_option("-c,--config", options.config,
                 fmt::format("YAML file of the sweep [{} where present]", kDefaultConfig))
      ->type_name("FILE");
  run.add_option("-r,--results", options.results, "Results, to go on with or to begin")
      ->type_name("FILE")
      ->capture_default_str();
  run.add_option("--limit", options.limit, "Measure at most so many cells, then stop")
      ->type_name("N")
      ->check(CLI::PositiveNumber);
  run.add_flag("--retry-failed", options.retry_failed, "Measure failed cells again");
  run.add_flag("--force-mixed", options.force_mixed,
               "Go on although model, prompt or Ollama differ from the results");
  run.add_option("--host", options.host, "Server [OLLAMA_HOST, else 127.0.0.1:11434]")
      ->type_name("HOST:PORT");
  run.add_option("--ollama", options.ollama, "Ollama's program")
      ->type_name("PATH")
      ->capture_default_str();
  run.add_option("--model-name", options.temporary_model,
                 "Name of the temporary model [ollama-bench-ID]")
      ->type_name("NAME");
  run.add_flag("-q,--quiet", options.quiet, "No progress, only warnings and the result");
  run.add_flag("--json", options.json, "Events and result on stdout, one JSON object a line");
}

}  // namespace

void AddRunCommand(CLI::App& app, std::function<int()>& action, const StopRequest& stop) {
  const auto options = std::make_shared<RunOptions>();
  CLI::App* run = app.add_subcommand("run", "Measure every cell of a num_ctx x num_batch grid");
  run->footer(
      "Interrupt it as you like: the same command goes on where it stopped.\n"
      "Example: ollama-bench run --model qwen3:4b --ctx 4096,8192 --batch 256,512,1024");
  AddOwnFlags(*run, *options);
  AddSweepFlags(*run, *options);
  run->callback(
      [options, &action, &stop] { action = [options, &stop] { return Run(*options, stop); }; });
}

}  // namespace ollama_bench
