#include "commands.h"

#include <fmt/format.h>

#include <memory>

#include "plan_command.h"
#include "run_session.h"
#include "session_flags.h"
#include "terminal.h"

namespace ollama_bench {
namespace {

struct RunCommandOptions {
  RunOptions run;
  CommandFlags flags;
  bool dry_run = false;  ///< only print what would be done
};

}  // namespace

void AddRunCommand(CLI::App& app, std::function<int()>& action, const StopRequest& stop) {
  const auto options = std::make_shared<RunCommandOptions>();
  CLI::App* run = app.add_subcommand("run", "Measure every combination of the given values");
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
