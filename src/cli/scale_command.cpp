#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "command_line.h"
#include "ollama_bench/analysis/scale_report.h"
#include "ollama_bench/machine/link_bandwidth.h"
#include "ollama_bench/machine/memory_bandwidth.h"
#include "ollama_bench/plan/level_passes.h"
#include "ollama_bench/process/find_program.h"
#include "ollama_bench/process/posix_process_runner.h"
#include "ollama_bench/render/scale_text.h"
#include "ollama_bench/session/session.h"
#include "ollama_bench/session/sweep_rules.h"
#include "option_values.h"
#include "run_report.h"
#include "session_display.h"
#include "session_flags.h"
#include "terminal.h"

namespace ollama_bench {
namespace {

using Error = SessionError;

constexpr const char* kUsualLoads = "3";
constexpr const char* kUsualTokens = "64";

struct ScaleOptions {
  RunOptions run;
  CommandFlags flags;
  std::vector<double> predict;                 ///< lengths in tokens
  bool bandwidth = false;                      ///< measure that of the memory, and of links
  std::vector<std::filesystem::path> imports;  ///< reports of nvbandwidth and nccl-tests
};

ProgressState StateOf(const Session& session, std::size_t done, std::size_t left) {
  ProgressState state;
  state.done = done;
  state.total = done + left;
  state.left = left;
  state.metric = Describe(session.config().workload).headline;
  for (const CellResult& result : session.store().results()) state.ConsiderBest(result);
  return state;
}

void PrintHeader(Session& session, const ScaleOptions& options, const std::vector<Cell>& cells,
                 std::size_t left) {
  const SweepConfig& config = session.config();
  const ResultsStore& store = session.store();
  const Pending pending = FindPending(cells, store.results(), PendingRulesOf(options.run, config));
  const std::string text =
      RunHeaderText({config, store.metadata(), pending, "", session.driver().place(),
                     session.prompt().description, DescribeTimeNeeded(left, store.results()),
                     options.run.session.results});
  Print(stderr, "{}", Broken(fileno(stderr), text, kHeaderIndent));
}

// The memory of this machine, before anything else is measured.
Expected<std::optional<MemoryRate>, Error> MeasureMemory(const ScaleOptions& options,
                                                         Session& session,
                                                         const StopRequest& stop) {
  if (!options.bandwidth) return std::optional<MemoryRate>();
  if (session.driver().recording() != nullptr || !session.facts().is_local) {
    return Fail(ExitCode::kUsage,
                "--bandwidth measures the memory of this machine, and the server is not on it");
  }
  const auto measured = MeasureMemoryBandwidth({}, stop);
  if (!measured) {
    session.Warn(fmt::format("the memory bandwidth is not known: {}", measured.error()));
    return std::optional<MemoryRate>();
  }
  return MemoryRate{measured->gigabytes_per_second,
                    fmt::format("triad of {} threads", measured->threads), false};
}

// Of the files, and of nvbandwidth where there is one.
Expected<std::vector<LinkBandwidth>, Error> FindLinks(const ScaleOptions& options, Session& session,
                                                      const StopRequest& stop) {
  std::vector<LinkBandwidth> links;
  for (const std::filesystem::path& file : options.imports) {
    std::ifstream in(file, std::ios::binary);
    if (!in) {
      return Fail(ExitCode::kUsage, fmt::format("--import {} cannot be read", file.string()));
    }
    const auto read = ReadLinkBandwidth(in, file.string());
    if (!read) return Fail(ExitCode::kUsage, read.error());
    links.insert(links.end(), read->begin(), read->end());
  }
  if (!options.bandwidth || !FindProgram("nvbandwidth")) return links;
  PosixProcessRunner runner;
  const auto run = RunNvbandwidth(runner, stop);
  if (run) links.insert(links.end(), run->begin(), run->end());
  if (!run) session.Warn(fmt::format("nvbandwidth: {}", run.error()));
  return links;
}

// By the tensors that the server lists.
std::optional<DecodeCost> CostOf(Session& session) {
  OllamaApi* const api = session.driver().api();
  if (api == nullptr || session.config().model.empty()) return std::nullopt;
  const auto details = api->Show(session.config().model);
  return details ? details->decode_cost : std::nullopt;
}

ExitCode Report(const SweepOutcome& outcome, const Session& session, const ScaleOptions& options,
                const ScaleQuestions& questions, Closing& closing) {
  const auto series = ScaleOf(session.store().results());
  closing.Show([&] { return RenderScaleText(series, questions); },
               [&] { return ScaleJson(series, questions).dump(); });
  if (outcome.reason == SweepOutcome::Reason::kStopRequested) {
    Print(stderr, "stopped; everything measured is in {}; the same command resumes\n",
          options.run.session.results.string());
    return ExitCode::kDone;
  }
  if (!options.flags.json && !series.empty()) {
    Print(stdout, "\nNext: ollama-bench plot --scale {}\n", options.run.session.results.string());
  }
  if (!outcome.message.empty()) PrintError(outcome.message);
  return ExitCodeOf(outcome, !series.empty());
}

Expected<ExitCode, Error> ScaleSteps(const ScaleOptions& options, Session& session,
                                     SessionDisplay& display, const StopRequest& stop) {
  if (auto step = session.Begin(GridSize::kLengths); !step) return Unexpected<Error>(step.error());
  const SweepConfig& config = session.config();
  ScaleQuestions questions;
  questions.lengths = options.predict;
  questions.cost = CostOf(session);
  auto memory = MeasureMemory(options, session, stop);
  if (!memory) return Unexpected<Error>(memory.error());
  questions.memory = std::move(*memory);
  auto links = FindLinks(options, session, stop);
  if (!links) return Unexpected<Error>(links.error());
  questions.links = std::move(*links);
  std::vector<Cell> cells = session.PlannedCells();
  session.SettleAliases(cells, false);
  const std::vector<CellResult>& known = session.store().results();
  // As levels of load are visited: every pass is one load of the model with all lengths in it.
  LevelPasses passes = LevelsOf(options.run, config, cells, known);
  const std::size_t left = passes.Remaining();
  const std::size_t all = cells.size() * static_cast<std::size_t>(WindowsOfLevel(config));
  if (!options.flags.quiet && !options.flags.json) PrintHeader(session, options, cells, left);
  if (left == 0) {
    if (auto step = session.MeasureNothing(); !step) return Unexpected<Error>(step.error());
    return Report({}, session, options, questions, display.closing());
  }
  const std::size_t done = all > left ? all - left : 0;
  const auto outcome = session.Measure(passes, display.MakeProgress(StateOf(session, done, left)),
                                       session.RunnerOptions());
  if (!outcome) return Unexpected<Error>(outcome.error());
  return Report(*outcome, session, options, questions, display.closing());
}

ExitCode RunScale(const ScaleOptions& options, const SweepConfig& config, const StopRequest& stop) {
  SessionDisplay display(options.flags);
  Session session(options.run.session, config, stop, display.notices(), display.OnIdle());
  return display.closing().End(ScaleSteps(options, session, display, stop), stop);
}

// What scale has of its own where nobody says otherwise; users at a time make it windows of load.
void FillIn(ScaleOptions& options) {
  auto& values = options.flags.overrides.values;
  const bool has_users = values.contains(std::string(KeyOf(Parameter::kConcurrency)));
  values["workload"] = Describe(has_users ? WorkloadKind::kLoad : WorkloadKind::kGenerate).key;
  values.try_emplace("repetitions", kUsualLoads);
  values.try_emplace(std::string(KeyOf(Parameter::kNumPredict)), kUsualTokens);
  DriverOptions& driver = options.run.session.driver;
  if (driver.driver.empty() && driver.replay.empty()) driver.prefers_api = true;
}

}  // namespace

void AddScaleCommand(CLI::App& app, std::function<int()>& action, const StopRequest& stop) {
  const auto options = std::make_shared<ScaleOptions>();
  CLI::App* scale =
      app.add_subcommand("scale", "Measure how time grows with the prompt, and what limits it");
  scale->footer(
      "Without --prompt-tokens: 64, 128, 256, ... up to 4096 or what the model holds. Every length "
      "is\n"
      "measured in three loads of the model; the law is a + b n + c n^2, with a breakpoint only\n"
      "where it is significant. With --concurrency each length is measured under that load.\n"
      "Interrupt it as you like: the same command resumes where it stopped.\n"
      "Examples: ollama-bench scale --model qwen3:4b\n"
      "          ollama-bench scale --model qwen3:4b --prompt-tokens 256,1024,4096,8192 --predict "
      "12000");
  options->run.session.results = "scale_results.json";
  AddRunFlags(*scale, options->run, options->flags, Purpose::kScale);
  scale
      ->add_option("--predict", options->predict,
                   "Also say what prompts of these lengths would take, at most twice the longest")
      ->delimiter(',')
      ->check(CheckCount(1))
      ->type_name("TOKENS");
  scale->add_flag("--bandwidth", options->bandwidth,
                  "Measure the memory bandwidth, too, and say how much of it decode uses; runs "
                  "nvbandwidth where there is one");
  scale
      ->add_option("--import", options->imports,
                   "What `nvbandwidth -j` printed or nccl-tests wrote with -J, to be shown, too")
      ->type_name("FILE");
  scale->callback([options, &action, &stop] {
    action = [options, &stop] {
      FillIn(*options);
      return WithConfig(options->flags, [&](const SweepConfig& config) {
        return RunScale(*options, config, stop);
      });
    };
  });
}

}  // namespace ollama_bench
