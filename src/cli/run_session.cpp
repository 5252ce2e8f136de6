#include "ollama_bench/cli/run_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "ollama_bench/cli/print.h"
#include "ollama_bench/cli/run_report.h"
#include "ollama_bench/cli/session.h"
#include "ollama_bench/plan/pending.h"
#include "ollama_bench/plan/sweep_order.h"

namespace ollama_bench {
namespace {

using Error = SessionError;

bool HasSuccess(const std::vector<CellResult>& results) {
  return std::any_of(results.begin(), results.end(), [](const CellResult& result) {
    return !result.failure && MedianPromptEvalRate(result);
  });
}

ProgressState StateOf(const Session& session, const Pending& pending, const SweepOrder& order) {
  ProgressState state;
  state.total = pending.done + pending.failed + order.PassLength();
  state.done = pending.done + pending.failed;
  state.left = order.Remaining();
  for (const CellResult& result : session.store().results()) state.ConsiderBest(result);
  return state;
}

ExitCode Report(const SweepOutcome& outcome, const SessionOptions& options,
                const ResultsStore& store) {
  if (outcome.reason == SweepOutcome::Reason::kStopRequested) {
    Print(stderr, "stopped; everything measured is in {}; the same command goes on from here\n",
          options.results.string());
    return ExitCode::kDone;
  }
  if (options.json) {
    PrintRunReportJson(stdout, store);
  } else {
    PrintRunReport(stdout, options.results, store);
  }
  if (!outcome.message.empty()) Print(stderr, "ollama-bench: {}\n", outcome.message);
  return ExitCodeOf(outcome, HasSuccess(store.results()));
}

Expected<ExitCode, Error> RunSteps(const RunOptions& options, Session& session) {
  if (auto step = session.Begin(GridSize::kSweep); !step) return Unexpected<Error>(step.error());
  const SessionOptions& common = options.session;
  std::vector<Cell> cells = session.PlannedCells();
  session.SettleAliases(cells, options.measure_aliases);
  SweepOrderOptions rules;
  if (options.baseline) rules.baseline = session.SettleBaseline();
  // From here on the store stays as it is until something is measured.
  const std::vector<CellResult>& known = session.store().results();
  const Pending pending = FindPending(
      cells, known, {session.config().repetitions, options.retry_failed, options.limit});
  const bool is_whole = !options.limit || pending.cells.size() < *options.limit;
  rules.repetitions = session.config().repetitions;
  if (is_whole) rules.confirm = session.config().confirm;
  SweepOrder order(pending.cells, known, rules);
  if (!common.quiet && !common.json) {
    Print(stderr, "{}",
          RunHeaderText({session.config(), session.store().metadata(), pending,
                         session.driver().place(), session.prompt().description,
                         DescribeTimeNeeded(order.Remaining(), known), common.results}));
  }
  if (order.Remaining() == 0) {
    session.ForgetRemovedModels();
    return Report({}, common, session.store());
  }
  const auto outcome = session.Measure(
      order, session.MakeProgress(StateOf(session, pending, order)), session.RunnerOptions());
  if (!outcome) return Unexpected<Error>(outcome.error());
  return Report(*outcome, common, session.store());
}

}  // namespace

ExitCode RunSweep(const RunOptions& options, const SweepConfig& config, const StopRequest& stop) {
  Session session(options.session, config, stop);
  const auto code = RunSteps(options, session);
  if (code) return *code;
  Print(stderr, "ollama-bench: {}\n", code.error().message);
  return code.error().code;
}

}  // namespace ollama_bench
