#include "run_session.h"

#include <fmt/format.h>

#include <cstdio>

#include "ollama_bench/analysis/result_table.h"
#include "ollama_bench/search/block_race.h"
#include "ollama_bench/session/session.h"
#include "ollama_bench/session/stored_sweep.h"
#include "ollama_bench/session/sweep_rules.h"
#include "run_report.h"
#include "session_display.h"
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

ExitCode Report(const SweepOutcome& outcome, const SessionOptions& options, bool json,
                const ResultsStore& store) {
  if (outcome.reason == SweepOutcome::Reason::kStopRequested) {
    Print(stderr, "stopped; everything measured is in {}; the same command resumes\n",
          options.results.string());
    return ExitCode::kDone;
  }
  // The grid of this store is bounded by what a configuration may ask for; where old entries span
  // more, there is nothing that a report could show.
  const auto report = ReportOf(store, Describe(WorkloadOf(store.metadata())).headline);
  if (report && json) PrintRunReportJson(stdout, *report);
  if (report && !json) PrintRunReport(stdout, options.results, *report);
  if (!outcome.message.empty()) Print(stderr, "ollama-bench: {}\n", outcome.message);
  return ExitCodeOf(outcome, !report || ComputeStatistics(report->tables).successful > 0);
}

void PrintHeader(Session& session, const SessionOptions& options, const Pending& pending,
                 const StratifiedRace& race, const BaselineChoice& current) {
  const SweepConfig& config = session.config();
  const ResultsStore& store = session.store();
  Print(stderr, "{}",
        RunHeaderText({config, store.metadata(), pending,
                       race.MeasuresCurrentFirst() ? current.Describe() : "",
                       session.driver().place(), session.prompt().description,
                       DescribeTimeNeeded(race.Remaining(), store.results()), options.results}));
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
    return Report({}, common, flags.json, session.store());
  }
  const auto outcome =
      session.Measure(race, display.MakeProgress(StateOf(session, pending, race, current)),
                      session.RunnerOptions());
  if (!outcome) return Unexpected<Error>(outcome.error());
  return Report(*outcome, common, flags.json, session.store());
}

}  // namespace

ExitCode RunSweep(const RunOptions& options, const CommandFlags& flags, const SweepConfig& config,
                  const StopRequest& stop) {
  SessionDisplay display(flags);
  Session session(options.session, config, stop, display.notices(), display.OnIdle());
  const auto code = RunSteps(options, flags, session, display);
  if (code) return *code;
  Print(stderr, "ollama-bench: {}\n", code.error().message);
  return code.error().code;
}

}  // namespace ollama_bench
