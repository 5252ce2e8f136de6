#include "plan_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <memory>

#include "commands.h"
#include "ollama_bench/core/clock.h"
#include "ollama_bench/plan/remaining_time.h"
#include "ollama_bench/search/block_race.h"
#include "ollama_bench/session/output_file.h"
#include "ollama_bench/session/session.h"
#include "ollama_bench/session/sweep_plan.h"
#include "plan_report.h"
#include "session_display.h"
#include "session_flags.h"
#include "terminal.h"

namespace ollama_bench {
namespace {

struct PlanOptions {
  RunOptions run;
  CommandFlags flags;
  bool probe = false;
};

// A real cell of the sweep, kept in the results like any other, so that its time is not wasted.
Expected<void, SessionError> Probe(RunOptions options, const SweepConfig& config,
                                   const StopRequest& stop) {
  options.session.save_config.clear();  // saved with the plan
  CommandFlags quiet;
  quiet.quiet = true;
  SessionDisplay display(quiet);
  Session session(options.session, config, stop, display.notices());
  if (auto step = session.Begin(GridSize::kSweep); !step) return step;
  const Pending pending = FindPending(session.PlannedCells(), session.store().results(),
                                      {session.config().repetitions, options.retry_failed,
                                       std::size_t{1}, options.remeasure_unverified});
  const bool known = !CellTimes(session.store().results()).empty();
  if (known || pending.cells.empty()) return {};
  Print(stderr, "probing with {}\n", NameOf(pending.cells.front()));
  BlockRace race(pending.cells, {}, {});
  const auto outcome = session.Measure(race, display.MakeProgress({}), session.RunnerOptions());
  if (!outcome) return Unexpected<SessionError>(outcome.error());
  if (outcome->message.empty()) return {};
  return Fail(ExitCodeOf(*outcome, false), outcome->message);
}

ExitCode Refuse(const SessionError& error) {
  Print(stderr, "ollama-bench: {}\n", error.message);
  return error.code;
}

int Plan(const PlanOptions& options, const StopRequest& stop) {
  return WithConfig(options.flags, [&](const SweepConfig& config) {
    if (options.probe) {
      PosixFileSystem file_system;
      const auto fits = CheckSavedConfig(file_system, options.run.session);
      if (!fits) return Refuse(fits.error());
      const auto probed = Probe(options.run, config, stop);
      if (!probed) return Refuse(probed.error());
    }
    return ShowPlan(options.run, options.flags, config, stop);
  });
}

}  // namespace

ExitCode ShowPlan(const RunOptions& options, const CommandFlags& flags, const SweepConfig& config,
                  const StopRequest& stop) {
  SystemClock clock;
  PosixFileSystem file_system;
  if (const auto fits = CheckSavedConfig(file_system, options.session); !fits) {
    return Refuse(fits.error());
  }
  const auto plan = MakeSweepPlan(options, config, clock, stop);
  if (!plan) return Refuse(plan.error());
  const auto& results = options.session.results;
  if (flags.json) {
    Print(stdout, "{}\n", PlanJson(*plan, results));
  } else {
    Print(stdout, "{}",
          PlanText(*plan, results, static_cast<std::size_t>(TerminalWidth(STDOUT_FILENO))));
  }
  if (!plan->obstacle) {
    const auto saved = SaveConfig(file_system, options.session, plan->config);
    return saved ? ExitCode::kDone : Refuse(saved.error());
  }
  if (!options.session.save_config.empty()) {
    Print(stderr, "{} is not written, for `run` would not start\n",
          options.session.save_config.string());
  }
  return plan->obstacle->code;
}

void AddPlanCommand(CLI::App& app, std::function<int()>& action, const StopRequest& stop) {
  const auto options = std::make_shared<PlanOptions>();
  CLI::App* plan = app.add_subcommand("plan", "Show what `run` would do with the same options");
  plan->footer(
      "Without --probe nothing is measured or written.\n"
      "Example: ollama-bench plan --model qwen3:4b --ctx 4096,8192 --batch 256,512,1024");
  AddRunFlags(*plan, options->run, options->flags);
  plan->add_flag("--probe", options->probe,
                 "Measure one cell, where no time is known, and keep it in the results");
  plan->callback(
      [options, &action, &stop] { action = [options, &stop] { return Plan(*options, stop); }; });
}

}  // namespace ollama_bench
