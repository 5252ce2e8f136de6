#include "ollama_bench/cli/plan_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <memory>

#include "ollama_bench/cli/print.h"
#include "ollama_bench/cli/run_command.h"
#include "ollama_bench/cli/session.h"
#include "ollama_bench/cli/sweep_plan.h"
#include "ollama_bench/cli/terminal.h"
#include "ollama_bench/core/system_clock.h"
#include "ollama_bench/plan/remaining_time.h"
#include "ollama_bench/plan/sweep_order.h"

namespace ollama_bench {
namespace {

struct PlanOptions {
  RunOptions run;
  bool probe = false;
};

// A real cell of the sweep, kept in the results like any other, so that its time is not wasted.
Expected<void, SessionError> Probe(RunOptions options, const SweepConfig& config,
                                   const StopRequest& stop) {
  options.session.quiet = true;
  options.session.json = false;
  Session session(options.session, config, stop);
  if (auto step = session.Begin(GridSize::kSweep); !step) return step;
  const Pending pending = FindPending(session.PlannedCells(), session.store().results(),
                                      {session.config().repetitions, options.retry_failed,
                                       std::size_t{1}, options.remeasure_unverified});
  const bool known = !CellTimes(session.store().results()).empty();
  if (known || pending.cells.empty()) return {};
  Print(stderr, "probing with {}\n", NameOf(pending.cells.front()));
  SweepOrder order(pending.cells, {}, {});
  const auto outcome = session.Measure(order, session.MakeProgress({}), session.RunnerOptions());
  if (!outcome) return Unexpected<SessionError>(outcome.error());
  if (outcome->message.empty()) return {};
  return Fail(ExitCodeOf(*outcome, false), outcome->message);
}

int Plan(const PlanOptions& options, const StopRequest& stop) {
  return WithConfig(options.run.session, [&](const SweepConfig& config) {
    if (options.probe) {
      if (const auto probed = Probe(options.run, config, stop); !probed) {
        Print(stderr, "ollama-bench: {}\n", probed.error().message);
        return probed.error().code;
      }
    }
    return ShowPlan(options.run, config, stop);
  });
}

}  // namespace

ExitCode ShowPlan(const RunOptions& options, const SweepConfig& config, const StopRequest& stop) {
  SystemClock clock;
  const auto plan = MakeSweepPlan(options, config, clock, stop);
  if (!plan) {
    Print(stderr, "ollama-bench: {}\n", plan.error().message);
    return plan.error().code;
  }
  const auto& results = options.session.results;
  if (options.session.json) {
    Print(stdout, "{}\n", PlanJson(*plan, results));
  } else {
    Print(stdout, "{}",
          PlanText(*plan, results, static_cast<std::size_t>(TerminalWidth(STDOUT_FILENO))));
  }
  if (!options.session.save_config.empty()) {
    const auto saved = SaveConfig(plan->config, options.session.save_config);
    if (!saved) {
      Print(stderr, "ollama-bench: {}\n", saved.error().message);
      return saved.error().code;
    }
  }
  return plan->obstacle ? plan->obstacle->code : ExitCode::kDone;
}

void AddPlanCommand(CLI::App& app, std::function<int()>& action, const StopRequest& stop) {
  const auto options = std::make_shared<PlanOptions>();
  CLI::App* plan = app.add_subcommand("plan", "Tell what `run` would do with the same options");
  plan->footer(
      "Without --probe nothing is measured or written.\n"
      "Example: ollama-bench plan --model qwen3:4b --ctx 4096,8192 --batch 256,512,1024");
  AddRunFlags(*plan, options->run);
  plan->add_flag("--probe", options->probe,
                 "Measure one cell, where no time is known, and keep it in the results");
  plan->callback(
      [options, &action, &stop] { action = [options, &stop] { return Plan(*options, stop); }; });
}

}  // namespace ollama_bench
