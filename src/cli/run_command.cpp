#include "command_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <memory>

#include "closing.h"
#include "load_command.h"
#include "ollama_bench/analysis/result_table.h"
#include "ollama_bench/search/block_race.h"
#include "ollama_bench/session/session.h"
#include "ollama_bench/session/stored_sweep.h"
#include "ollama_bench/session/sweep_rules.h"
#include "plan_command.h"
#include "run_report.h"
#include "session_display.h"
#include "session_flags.h"
#include "terminal.h"

namespace ollama_bench {
namespace {

using Error = SessionError;

ProgressState StateOf(const Session& session, const Pending& pending, const StratifiedRace& race,
                      const std::optional<Cell>& current) {
  ProgressState state;
  state.present_setting = OffGrid(current, session.config().space);
  state.done = pending.done + pending.failed;
  state.total = state.done + race.PassLength();
  state.left = race.Remaining();
  state.metric = Describe(session.config().workload).headline;
  for (const CellResult& result : session.store().results()) state.ConsiderBest(result);
  return state;
}

ExitCode Report(const SweepOutcome& outcome, const SessionOptions& options, Closing& closing,
                const ResultsStore& store) {
  if (outcome.reason == SweepOutcome::Reason::kStopRequested) {
    Print(stderr, "stopped; everything measured is in {}; the same command resumes\n",
          options.results.string());
    return ExitCode::kDone;
  }
  // The grid of this store is bounded by what a configuration may ask for; where old entries span
  // more, there is nothing that a report could show.
  const auto report = ReportOf(store, Describe(WorkloadOf(store.metadata())).headline);
  if (report) {
    closing.Show([&] { return RunReportText(options.results, *report, StyleOf(STDOUT_FILENO)); },
                 [&] { return RunReportJson(*report); });
  }
  if (!outcome.message.empty()) PrintError(outcome.message);
  return ExitCodeOf(outcome, !report || ComputeStatistics(report->tables).successful > 0);
}

void PrintHeader(Session& session, const SessionOptions& options, const Pending& pending,
                 const StratifiedRace& race, const BaselineChoice& current) {
  const SweepConfig& config = session.config();
  const ResultsStore& store = session.store();
  const std::string text = RunHeaderText(
      {config, store.metadata(), pending, race.MeasuresCurrentFirst() ? current.Describe() : "",
       session.driver().place(), session.prompt().description,
       DescribeTimeNeeded(race.Remaining(), store.results()), options.results});
  Print(stderr, "{}", Broken(fileno(stderr), text, kHeaderIndent));
}

Expected<ExitCode, Error> RunSteps(const RunOptions& options, const CommandFlags& flags,
                                   Session& session, SessionDisplay& display) {
  if (auto step = session.Begin(GridSize::kSweep); !step) return Unexpected<Error>(step.error());
  const SessionOptions& common = options.session;
  std::vector<Cell> cells = session.PlannedCells();
  session.SettleAliases(cells, options.measure_aliases);
  BaselineChoice baseline;
  if (options.baseline) baseline = session.SettleBaseline();
  const std::optional<Cell>& current = baseline.cell;
  // From here on the store stays as it is until something is measured.
  const std::vector<CellResult>& known = session.store().results();
  const SweepConfig& config = session.config();
  const Pending pending = FindPending(cells, known, PendingRulesOf(options, config));
  StratifiedRace race(pending.cells, known, RaceOptionsOf(options, config, pending, current));
  if (!flags.quiet && !flags.json) PrintHeader(session, common, pending, race, baseline);
  if (race.IsOver()) {
    if (auto step = session.MeasureNothing(); !step) return Unexpected<Error>(step.error());
    return Report({}, common, display.closing(), session.store());
  }
  const auto outcome =
      session.Measure(race, display.MakeProgress(StateOf(session, pending, race, current)),
                      session.RunnerOptions());
  if (!outcome) return Unexpected<Error>(outcome.error());
  return Report(*outcome, common, display.closing(), session.store());
}

// Runs a sweep as configured, from opening the store to the closing report. When `stop` was
// requested, what is safe is safe, and the caller lets the program die of the signal.
ExitCode RunSweep(const RunOptions& options, const CommandFlags& flags, const SweepConfig& config,
                  const StopRequest& stop) {
  SessionDisplay display(flags);
  Session session(options.session, config, stop, display.notices(), display.OnIdle());
  return display.closing().End(RunSteps(options, flags, session, display), stop);
}

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
        if (!options->dry_run && config.workload == WorkloadKind::kLoad) {
          return RunLoad(options->run, options->flags, config, stop);
        }
        return options->dry_run ? ShowPlan(options->run, options->flags, config, stop)
                                : RunSweep(options->run, options->flags, config, stop);
      });
    };
  });
}

}  // namespace ollama_bench
