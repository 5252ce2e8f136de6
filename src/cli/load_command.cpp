#include "load_command.h"

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <utility>

#include "command_line.h"
#include "ollama_bench/analysis/load_answer.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/plan/capacity_search.h"
#include "ollama_bench/plan/level_passes.h"
#include "ollama_bench/plan/pending.h"
#include "ollama_bench/render/load_text.h"
#include "ollama_bench/session/session.h"
#include "ollama_bench/store/window_files.h"
#include "run_report.h"
#include "session_display.h"
#include "terminal.h"

namespace ollama_bench {
namespace {

using Error = SessionError;

constexpr int kUsualWindows = 2;  // of each level

std::optional<std::string> NumParallelOf(const Metadata& metadata) {
  const auto& settings = metadata.environment.server_settings;
  const auto found = settings.find("OLLAMA_NUM_PARALLEL");
  return found == settings.end() ? std::nullopt : std::optional(found->second);
}

std::string DescribeWindows(const SweepConfig& config, int passes) {
  const TrafficOptions& traffic = config.traffic;
  const std::string size = traffic.duration ? fmt::format("{} s", traffic.duration->count())
                                            : fmt::format("{} requests or more", traffic.requests);
  return fmt::format("{} of each level, {} each", passes, size);
}

std::string HeaderText(const Session& session, const std::string& place,
                       const std::filesystem::path& results, int passes, std::size_t left) {
  const SweepConfig& config = session.config();
  std::string text = HeaderTitle(session.store().metadata().identity, place);
  const auto line = [&text](std::string_view label, const std::string& value) {
    text += fmt::format("  {:<12} {}\n", label, value);
  };
  for (const Axis& axis : config.space.axes) line(KeyOf(axis.parameter), DescribeAxis(axis));
  for (const Objective& objective : config.traffic.objectives) {
    line("objective", FormatObjective(objective));
  }
  line("windows", config.traffic.searches_capacity
                      ? DescribeWindows(config, passes) + ", doubling, then halving"
                      : fmt::format("{}; {} to measure", DescribeWindows(config, passes), left));
  if (config.space.Find(Parameter::kRequestRate) != nullptr) {
    line("arrival", std::string(KeyOf(config.traffic.arrival)));
  }
  line("prompt", session.prompt().description);
  if (config.space.Find(Parameter::kNumPredict) == nullptr) {
    line(KeyOf(Parameter::kNumPredict), std::to_string(config.num_predict));
  }
  line("time", DescribeTimeNeeded(left, session.store().results()));
  line("results", results.string());
  return text;
}

ProgressState StateOf(const Session& session, std::size_t done, std::size_t left) {
  ProgressState state;
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
  const Pending pending =
      FindPending(cells, {}, {std::nullopt, options.retry_failed, options.limit, false});
  return std::make_unique<LevelPasses>(pending.cells, known, windows, options.session.driver.seed);
}

Expected<ExitCode, Error> ReportLoad(const SweepOutcome& outcome, const Session& session,
                                     const SessionOptions& options, bool json) {
  const ResultsStore& store = session.store();
  PosixFileSystem file_system;
  const auto requests = ReadWindowFiles(file_system, options.results, store.results());
  if (!requests) return Unexpected<Error>(ToSessionError(requests.error()));
  const auto series = AnswerLoad(store.results(), *requests, session.config().traffic.objectives);
  if (json) Print(stdout, "{}\n", LoadJson(series).dump());
  if (!json) Print(stdout, "{}", RenderLoadText(series, NumParallelOf(store.metadata())));
  if (outcome.reason == SweepOutcome::Reason::kStopRequested) {
    Print(stderr, "stopped; all finished windows are in {}; the same command resumes\n",
          options.results.string());
    return ExitCode::kDone;
  }
  if (!outcome.message.empty()) PrintError(outcome.message);
  return ExitCodeOf(outcome, CountWindows(store.results()) > 0);
}

// A search is for one answer.
Expected<void, Error> CheckSearch(const SweepConfig& config) {
  if (!config.traffic.searches_capacity) return {};
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
  const int passes = config.repetitions.value_or(kUsualWindows);
  if (auto step = CheckSearch(config); !step) return Unexpected<Error>(step.error());
  const std::unique_ptr<Strategy> levels = MakeStrategy(options, session, passes);
  const std::size_t left = levels->Remaining();
  if (!flags.quiet && !flags.json) {
    const std::string text =
        HeaderText(session, session.driver().place(), options.session.results, passes, left);
    Print(stderr, "{}", Broken(fileno(stderr), text, kHeaderIndent));
  }
  if (left == 0) {
    if (auto step = session.MeasureNothing(); !step) return Unexpected<Error>(step.error());
    return ReportLoad({}, session, options.session, flags.json);
  }
  const std::size_t done = CountWindows(known);
  const auto outcome = session.Measure(*levels, display.MakeProgress(StateOf(session, done, left)),
                                       session.RunnerOptions());
  if (!outcome) return Unexpected<Error>(outcome.error());
  return ReportLoad(*outcome, session, options.session, flags.json);
}

}  // namespace

ExitCode RunLoad(const RunOptions& options, const CommandFlags& flags, const SweepConfig& config,
                 const StopRequest& stop) {
  RunOptions chosen = options;
  DriverOptions& driver = chosen.session.driver;
  if (driver.driver.empty() && driver.replay.empty()) driver.driver = "api";
  if (driver.driver == "cli") {
    PrintError(
        "load sends many requests at a time, which `ollama run` cannot; leave out --driver "
        "cli, or write --driver api");
    return ExitCode::kUsage;
  }
  SessionDisplay display(flags);
  Session session(chosen.session, config, stop, display.notices(), display.OnIdle());
  const auto code = LoadSteps(chosen, flags, session, display);
  if (code) return *code;
  PrintError(code.error().message);
  return code.error().code;
}

void AddLoadCommand(CLI::App& app, std::function<int()>& action, const StopRequest& stop) {
  struct Options {
    RunOptions run;
    CommandFlags flags;
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
  load->callback([options, &action, &stop] {
    action = [options, &stop] {
      options->flags.overrides.values["workload"] = Describe(WorkloadKind::kLoad).key;
      return WithConfig(options->flags, [&](const SweepConfig& config) {
        return RunLoad(options->run, options->flags, config, stop);
      });
    };
  });
}

}  // namespace ollama_bench
