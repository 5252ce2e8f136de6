#include "run_command.h"

#include <fmt/format.h>

#include <memory>

#include "plan_command.h"
#include "print.h"
#include "run_session.h"

namespace ollama_bench {
namespace {

struct RunCommandOptions {
  RunOptions run;
  CommandFlags flags;
  bool dry_run = false;  ///< only print what would be done
};

}  // namespace

int WithConfig(const CommandFlags& flags, const std::function<ExitCode(const SweepConfig&)>& act) {
  const auto config = LoadConfigOf(flags);
  if (config) return static_cast<int>(act(*config));
  for (const ConfigError& error : config.error()) {
    Print(stderr, "ollama-bench: {}\n", FormatConfigError(error));
  }
  return static_cast<int>(ExitCode::kUsage);
}

void AddRunFlags(CLI::App& app, RunOptions& options, CommandFlags& flags) {
  AddSessionFlags(app, options.session, flags);
  app.add_option("--limit", options.limit, "Measure at most so many cells, then stop")
      ->type_name("N")
      ->check(CLI::PositiveNumber);
  app.add_flag("--retry-failed", options.retry_failed, "Measure failed cells again");
  app.add_flag("--remeasure-unverified", options.remeasure_unverified,
               "Measure cells again whose samples do not say with what they were made");
  app.add_flag("!--no-baseline", options.baseline, "Do not measure the current setting");
  app.add_flag("--measure-aliases", options.measure_aliases,
               "Also measure cells that are known to be the same as another");
}

void AddRunCommand(CLI::App& app, std::function<int()>& action, const StopRequest& stop) {
  const auto options = std::make_shared<RunCommandOptions>();
  CLI::App* run = app.add_subcommand("run", "Measure every cell of a num_ctx x num_batch grid");
  run->footer(
      "Without a grid, at most 16 cells are chosen that fit the model and the memory.\n"
      "Interrupt it as you like: the same command resumes where it stopped.\n"
      "Examples: ollama-bench run --model qwen3:4b\n"
      "          ollama-bench run --model qwen3:4b --ctx 4096,8192 --batch 256,512,1024");
  AddRunFlags(*run, options->run, options->flags);
  run->add_flag("--dry-run", options->dry_run, "Print what would be done, as `plan` does");
  run->callback([options, &action, &stop] {
    action = [options, &stop] {
      return WithConfig(options->flags, [&](const SweepConfig& config) {
        return options->dry_run ? ShowPlan(options->run, options->flags, config, stop)
                                : RunSweep(options->run, options->flags, config, stop);
      });
    };
  });
}

}  // namespace ollama_bench
