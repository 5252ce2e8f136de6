#include "commands.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "ollama_bench/core/axis.h"
#include "ollama_bench/core/stratum.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/ollama/go_duration.h"
#include "ollama_bench/session/session.h"
#include "ollama_bench/session/stored_sweep.h"
#include "ollama_bench/session/tune_strategy.h"
#include "option_values.h"
#include "run_report.h"
#include "session_display.h"
#include "session_flags.h"
#include "terminal.h"
#include "tune_progress.h"
#include "tune_report.h"

namespace ollama_bench {
namespace {

using Error = SessionError;

struct TuneOptions {
  SessionOptions session;
  CommandFlags flags;
  std::string budget = std::to_string(kUsualTuneBudget);
  std::string max_loss = "5%";
  bool no_stop = false;
  bool baseline = true;  ///< measure the current setting as well
};

/// "40" measurements, or a duration as Ollama writes them: "90m", "1h30m". Empty: neither.
std::optional<TuneLimits> ParseBudget(const std::string& text) {
  TuneLimits limits;
  std::size_t count = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, count);
  if (error == std::errc() && rest == end) {
    if (count == 0) return std::nullopt;
    limits.measurements = count;
    return limits;
  }
  const auto time = ParseGoDuration(text);
  if (!time || time->count() <= 0) return std::nullopt;
  limits.time = *time;
  return limits;
}

std::string CheckBudget(const std::string& text) {
  if (ParseBudget(text)) return {};
  return fmt::format("{}: a budget is a number of measurements such as 40, or a time such as 90m",
                     text);
}

void PrintHeader(Session& session, const TuneOptions& options, std::size_t known) {
  const Space& space = session.config().space;
  Print(stderr, "{}", HeaderTitle(session.store().metadata().identity, session.driver().place()));
  for (const Axis& axis : space.axes) {
    Print(stderr, "  {:<12} {}\n", KeyOf(axis.parameter), DescribeAxis(axis));
  }
  Print(stderr, "  cells        {}, {} measurements known\n", space.CellCount(), known);
  const bool is_count = options.budget.find_first_not_of("0123456789") == std::string::npos;
  Print(stderr, "  budget       {}{} in this start\n", options.budget,
        is_count ? " measurements" : "");
  Print(stderr, "  results      {}\n", options.session.results.string());
}

/// Keeps the search from the cells of the grid that are not among `cells`.
void ExcludeOthers(Search& search, const Grid& grid, const std::vector<Cell>& cells) {
  const std::set<Cell> wanted(cells.begin(), cells.end());
  for (std::size_t row = 0; row < grid.down.values.size(); ++row) {
    for (std::size_t column = 0; column < grid.across.values.size(); ++column) {
      const Cell cell = grid.CellAt(row, column);
      if (!wanted.contains(cell)) search.Exclude(cell);
    }
  }
}

ProgressState StateOf(const Session& session, const TuneStrategy& strategy) {
  ProgressState state;
  state.done = strategy.measurements();
  state.left = strategy.Remaining();
  state.total = state.done + state.left;
  state.metric = Describe(session.config().workload).headline;
  for (const CellResult& result : session.store().results()) state.ConsiderBest(result);
  return state;
}

ExitCode Report(const TuneOptions& options, const SweepOutcome& outcome, const TuneOutcome& found) {
  if (outcome.reason == SweepOutcome::Reason::kStopRequested) {
    Print(stderr, "stopped; everything measured is in {}; the same command resumes\n",
          options.session.results.string());
    return ExitCode::kDone;
  }
  if (options.flags.json) {
    PrintTuneReportJson(stdout, found);
  } else {
    Print(stdout, "{}", TuneReportText(found, options.session.results, StyleOf(STDOUT_FILENO)));
  }
  if (!outcome.message.empty()) Print(stderr, "ollama-bench: {}\n", outcome.message);
  return ExitCodeOf(outcome, found.report.answers.front().answer.has_value());
}

Expected<ExitCode, Error> TuneSteps(const TuneOptions& options, Session& session,
                                    SessionDisplay& display) {
  if (auto step = session.Begin(GridSize::kSearch); !step) return Unexpected<Error>(step.error());
  TuneLimits limits = *ParseBudget(options.budget);  // checked with the command line
  limits.stop_when_certified = !options.no_stop;
  SearchOptions search_options;
  search_options.seed = options.session.driver.seed;
  std::optional<Cell> current;
  if (options.baseline) current = session.SettleBaseline().cell;
  const Space& space = session.config().space;
  const auto grid = SearchGridOf(space);
  if (!grid) {
    return Fail(ExitCode::kUsage,
                "tune searches at most two parameters of whole numbers that set how the model is "
                "loaded; give the others one value each, or measure all cells with `run`");
  }
  if (current) current = WithRequest(*current, StrataOf(space).front());
  search_options.present = current;
  Search search(*grid, search_options);
  std::vector<Cell> cells = session.PlannedCells();
  session.SettleAliases(cells, false);
  ExcludeOthers(search, *grid, cells);
  const Metric metric = Describe(session.config().workload).headline;
  TuneStrategy strategy(search, limits, session.clock(), current, metric);
  strategy.Learn(session.store().results(), *grid);
  if (!options.flags.quiet && !options.flags.json) {
    PrintHeader(session, options, strategy.measurements());
  }
  auto progress = std::make_unique<TuneProgress>(display.MakeProgress(StateOf(session, strategy)),
                                                 session.clock(), search, strategy,
                                                 options.flags.json ? stdout : nullptr);
  const auto outcome = session.Measure(strategy, std::move(progress), session.RunnerOptions());
  if (!outcome) return Unexpected<Error>(outcome.error());
  AnswerOptions answer_options;
  answer_options.max_loss = *ParsePercent(options.max_loss);
  // The grid is bounded by what a configuration may ask for.
  auto report = ReportOf(session.store(), metric, answer_options);
  if (!report) return Unexpected<Error>(report.error());
  // It knows of cells that cannot be measured, which the file does not hold.
  return Report(options, *outcome,
                {std::move(*report), search.Answer(), strategy.measurements(), grid->CellCount()});
}

ExitCode Tune(const TuneOptions& options, const SweepConfig& config, const StopRequest& stop) {
  SessionDisplay display(options.flags);
  Session session(options.session, config, stop, display.notices(), display.OnIdle());
  const auto code = TuneSteps(options, session, display);
  if (code) return *code;
  Print(stderr, "ollama-bench: {}\n", code.error().message);
  return code.error().code;
}

}  // namespace

void AddTuneCommand(CLI::App& app, std::function<int()>& action, const StopRequest& stop) {
  const auto options = std::make_shared<TuneOptions>();
  CLI::App* tune = app.add_subcommand("tune", "Find the best cell without measuring all of them");
  tune->footer(
      "Uses and fills the same results as `run`, which can measure the rest later.\n"
      "Interrupt it as you like: the same command resumes where it stopped.\n"
      "Example: ollama-bench tune --model qwen3:4b --budget 1h");
  AddSessionFlags(*tune, options->session, options->flags);
  tune->add_option("--budget", options->budget,
                   "Measure at most so often, or for so long, in this start: 40, 90m, 1h30m")
      ->type_name("N|DURATION")
      ->check(CheckBudget)
      ->capture_default_str();
  tune->add_option("--max-loss", options->max_loss,
                   "What the largest safe context may lose against the best cell")
      ->type_name("PERCENT")
      ->check(CheckPercent)
      ->capture_default_str();
  tune->add_flag("--no-stop", options->no_stop,
                 "Use the whole budget, also after the answer is certified");
  tune->add_flag("!--no-baseline", options->baseline, "Do not measure the current setting");
  tune->callback([options, &action, &stop] {
    action = [options, &stop] {
      return WithConfig(options->flags,
                        [&](const SweepConfig& config) { return Tune(*options, config, stop); });
    };
  });
}

}  // namespace ollama_bench
