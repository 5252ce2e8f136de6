#include "load_command.h"

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <utility>

#include "command_line.h"
#include "load_header.h"
#include "ollama_bench/analysis/load_answer.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/plan/capacity_search.h"
#include "ollama_bench/plan/level_passes.h"
#include "ollama_bench/render/load_text.h"
#include "ollama_bench/session/session.h"
#include "ollama_bench/session/sweep_plan.h"
#include "ollama_bench/session/sweep_rules.h"
#include "ollama_bench/store/window_files.h"
#include "plan_command.h"
#include "run_report.h"
#include "session_display.h"
#include "terminal.h"

namespace ollama_bench {
namespace {

using Error = SessionError;

std::optional<std::string> NumParallelOf(const Metadata& metadata) {
  const auto& settings = metadata.environment.server_settings;
  const auto found = settings.find("OLLAMA_NUM_PARALLEL");
  return found == settings.end() ? std::nullopt : std::optional(found->second);
}

ProgressState StateOf(const Session& session, std::size_t done, std::size_t left) {
  ProgressState state;
  state.counts_windows = true;
  state.done = done;
  state.total = done + left;
  state.left = left;
  state.metric = Metric::kOutputThroughput;
  for (const CellResult& result : session.store().results()) state.ConsiderBest(result);
  return state;
}

std::size_t CountWindows(const std::vector<CellResult>& results) {
  std::size_t windows = 0;
  for (const CellResult& result : results) {
    windows += static_cast<std::size_t>(CountedSamples(result));
  }
  return windows;
}

// Whether a level is shown to meet all objectives, by its windows' requests.
bool MeetsObjectives(const CellResult& level, const std::filesystem::path& results,
                     const std::vector<Objective>& objectives) {
  PosixFileSystem file_system;
  const auto requests = ReadWindowFiles(file_system, results, {level});
  if (!requests) return false;
  const auto series = AnswerLoad({level}, *requests, objectives);
  return series.front().capacity && series.front().capacity->level;
}

std::unique_ptr<Strategy> MakeStrategy(const RunOptions& options, const Session& session,
                                       int windows) {
  const SweepConfig& config = session.config();
  const std::vector<CellResult>& known = session.store().results();
  const std::vector<Cell> cells = session.PlannedCells();
  if (config.traffic.searches_capacity) {
    const std::vector<int>& users = config.space.ValuesOf(Parameter::kConcurrency);
    return std::make_unique<CapacitySearch>(
        cells.front().With(Parameter::kConcurrency, kAutoValue), windows, users.back(),
        [results = options.session.results, objectives = config.traffic.objectives](
            const CellResult& level) { return MeetsObjectives(level, results, objectives); },
        known);
  }
  return std::make_unique<LevelPasses>(LevelsOf(options, config, cells, known));
}

Expected<ExitCode, Error> ReportLoad(const SweepOutcome& outcome, const Session& session,
                                     const SessionOptions& options, Closing& closing) {
  const ResultsStore& store = session.store();
  PosixFileSystem file_system;
  const auto requests = ReadWindowFiles(file_system, options.results, store.results());
  if (!requests) return Unexpected<Error>(ToSessionError(requests.error()));
  const auto series = AnswerLoad(store.results(), *requests, session.config().traffic.objectives);
  closing.Show([&] { return RenderLoadText(series, NumParallelOf(store.metadata())); },
               [&] { return LoadJson(series).dump(); });
  if (outcome.reason == SweepOutcome::Reason::kStopRequested) {
    Print(stderr, "stopped; all finished windows are in {}; the same command resumes\n",
          options.results.string());
    return ExitCode::kDone;
  }
  if (!outcome.message.empty()) PrintError(outcome.message);
  return ExitCodeOf(outcome, CountWindows(store.results()) > 0);
}

// A search is for one answer.
Expected<void, Error> CheckSearch(const RunOptions& options, const SweepConfig& config) {
  if (!config.traffic.searches_capacity) return {};
  if (options.limit || options.retry_failed) {
    return Fail(ExitCode::kUsage,
                "--limit and --retry-failed are for given levels; name them with --concurrency or "
                "--rate");
  }
  for (const Axis& axis : config.space.axes) {
    if (axis.parameter == Parameter::kConcurrency || axis.values.size() == 1) continue;
    return Fail(ExitCode::kUsage,
                fmt::format("--slo without levels looks for one capacity; give one {}, or levels "
                            "with --concurrency or --rate",
                            KeyOf(axis.parameter)));
  }
  return {};
}

Expected<ExitCode, Error> LoadSteps(const RunOptions& options, const CommandFlags& flags,
                                    Session& session, SessionDisplay& display) {
  if (auto step = session.Begin(GridSize::kSweep); !step) return Unexpected<Error>(step.error());
  const SweepConfig& config = session.config();
  const std::vector<CellResult>& known = session.store().results();
  if (auto step = CheckSearch(options, config); !step) return Unexpected<Error>(step.error());
  const std::unique_ptr<Strategy> levels = MakeStrategy(options, session, WindowsOfLevel(config));
  const std::size_t left = levels->Remaining();
  if (!flags.quiet && !flags.json) {
    const LoadNeed need = NeedOf(options, config, session.PlannedCells(), known);
    const std::string text =
        LoadHeaderText({config, session.store().metadata().identity, session.driver().place(),
                        session.prompt().description, need, known, options.session.results});
    Print(stderr, "{}", Broken(fileno(stderr), text, kHeaderIndent));
  }
  if (left == 0) {
    if (auto step = session.MeasureNothing(); !step) return Unexpected<Error>(step.error());
    return ReportLoad({}, session, options.session, display.closing());
  }
  const std::size_t done = CountWindows(known);
  const auto outcome = session.Measure(*levels, display.MakeProgress(StateOf(session, done, left)),
                                       session.RunnerOptions());
  if (!outcome) return Unexpected<Error>(outcome.error());
  return ReportLoad(*outcome, session, options.session, display.closing());
}

}  // namespace

Expected<void, SessionError> CheckOptionsOfLoad(const RunOptions& options) {
  if (options.session.driver.driver != "cli") return {};
  return Fail(ExitCode::kUsage,
              "load sends many requests at a time, which `ollama run` cannot; leave out --driver "
              "cli, or write --driver api");
}

ExitCode RunLoad(const RunOptions& options, const CommandFlags& flags, const SweepConfig& config,
                 const StopRequest& stop) {
  if (const auto fits = CheckOptionsOfLoad(options); !fits) {
    PrintError(fits.error().message);
    return fits.error().code;
  }
  SessionDisplay display(flags);
  Session session(options.session, config, stop, display.notices(), display.OnIdle());
  return display.closing().End(LoadSteps(options, flags, session, display), stop);
}

void AddLoadCommand(CLI::App& app, std::function<int()>& action, const StopRequest& stop) {
  struct Options {
    RunOptions run;
    CommandFlags flags;
    bool dry_run = false;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* load = app.add_subcommand("load", "Measure how many users a server carries");
  load->footer(
      "Without levels: 1, 2, 4 and 8 users who each wait for their answer before they ask again;\n"
      "with --slo alone, the highest number of users that meets it is looked for.\n"
      "With --rate requests come whatever the server does. A window is one level, measured at\n"
      "steady state; each level has two of them, in random order.\n"
      "Interrupt it as you like: the same command resumes where it stopped.\n"
      "Examples: ollama-bench load --model qwen3:4b\n"
      "          ollama-bench load --model qwen3:4b --rate 0.5,1,2 --slo ttft_p95=2s");
  options->run.session.results = "load_results.json";
  AddRunFlags(*load, options->run, options->flags, Purpose::kLoad);
  load->add_flag("--dry-run", options->dry_run, "Print what would be done, as `plan` does");
  load->callback([options, &action, &stop] {
    action = [options, &stop] {
      options->flags.overrides.values["workload"] = Describe(WorkloadKind::kLoad).key;
      return WithConfig(options->flags, [&](const SweepConfig& config) {
        return options->dry_run ? ShowPlan(options->run, options->flags, config, stop)
                                : RunLoad(options->run, options->flags, config, stop);
      });
    };
  });
}

}  // namespace ollama_bench
