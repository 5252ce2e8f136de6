#include "command_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "ollama_bench/core/axis.h"
#include "ollama_bench/core/go_duration.h"
#include "ollama_bench/core/stratum.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/render/json_report.h"
#include "ollama_bench/render/text_report.h"
#include "ollama_bench/search/search.h"
#include "ollama_bench/session/session.h"
#include "ollama_bench/session/stored_sweep.h"
#include "ollama_bench/session/tune_strategy.h"
#include "option_values.h"
#include "progress.h"
#include "run_report.h"
#include "session_display.h"
#include "session_flags.h"
#include "terminal.h"

namespace ollama_bench {
namespace {

using nlohmann::ordered_json;

template <class Value>
ordered_json OrNull(const std::optional<Value>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

/// How a search ended.
struct TuneOutcome {
  StoredReport report;  ///< what `heatmap` says of the same file
  std::optional<SearchAnswer> search;
  std::size_t measurements = 0;  ///< that the answer rests on, those of earlier starts too
  std::size_t cells = 0;         ///< of the grid
};

// A search has one stratum.
const std::optional<SweepAnswer>& Answer(const TuneOutcome& outcome) {
  return outcome.report.answers.front().answer;
}

/// "87 %", "98.6 %", never 100 %.
std::string DescribeProbability(double probability) {
  const double percent = std::floor(1000.0 * std::min(probability, 0.999)) / 10.0;
  return percent >= 98.0 ? fmt::format("{:.1f} %", percent) : fmt::format("{:.0f} %", percent);
}

std::string CertaintySentence(const TuneOutcome& outcome) {
  const std::optional<SearchAnswer>& search = outcome.search;
  const std::string basis = fmt::format("after {} measurements on a grid of {} cells",
                                        outcome.measurements, outcome.cells);
  if (!search || Answer(outcome)->is_whole) {
    return fmt::format("Every cell was measured, {}.\n", basis);
  }
  const std::string probability = DescribeProbability(search->probability);
  if (search->certified) {
    return fmt::format(
        "Certified {}: P(no cell is more than 1 % faster) = {} under the model fitted to the "
        "measurements; `run` measures every cell.\n",
        basis, probability);
  }
  return fmt::format(
      "Not certified {}: P(no cell is more than 1 % faster than the fastest found) = {}; a "
      "certificate takes {:.3g} % three times in a row and no region unvisited. The same command "
      "resumes.\n",
      basis, probability, 100 * kCertificateProbability);
}

/// {"event":"measurement", …}, one line.
void PrintMeasurementJson(std::FILE* out, const Measurement& measurement,
                          const std::optional<SearchAnswer>& answer) {
  ordered_json line{{"event", "measurement"}};
  line.update(CellJson(measurement.cell));
  line.update({{"rate", OrNull(measurement.rate)}, {"failure", nullptr}, {"answer", nullptr}});
  if (measurement.failure) line["failure"] = Describe(*measurement.failure).key;
  if (answer) {
    line["answer"] = CellJson(answer->cell);
    line["answer"]["probability"] = answer->probability;
  }
  Print(out, "{}\n", line.dump());
  std::fflush(out);
}

/// {"event":"answer", …}, one line.
std::string TuneReportJson(const TuneOutcome& outcome) {
  ordered_json line{{"event", "answer"}};
  const StoredReport& report = outcome.report;
  ordered_json answer = ordered_json::parse(RenderAnswerJson(report.tables, report.answers));
  const auto value_of = [&answer](const char* object, const char* key) {
    return answer[object].is_object() ? answer[object].value(key, ordered_json()) : ordered_json();
  };
  for (const Axis& axis : report.space.axes) {
    const std::string key(KeyOf(axis.parameter));
    line[key] = value_of("recommended", key.c_str());
  }
  line["rate"] = value_of("recommended", "estimate");
  line["certified"] = outcome.search && outcome.search->certified;
  line["probability"] = outcome.search ? outcome.search->probability : 0.0;
  line["measurements"] = outcome.measurements;
  line["equals"] = ordered_json::array();
  for (const ordered_json& contender : answer["contenders"]) {
    ordered_json equal = ordered_json::object();
    for (const Axis& axis : report.space.axes) {
      const std::string key(KeyOf(axis.parameter));
      if (contender.contains(key)) equal[key] = contender[key];
    }
    line["equals"].push_back(std::move(equal));
  }
  line.update(answer);
  line["disturbed"] = DisturbancesJson(report.disturbances);
  return line.dump();
}

/// The answer for a person, how far the search got, and what to do next.
std::string TuneReportText(const TuneOutcome& outcome, const std::filesystem::path& results,
                           const TerminalStyle& style) {
  if (!Answer(outcome)) {
    return fmt::format("No cell has a rate after {} measurements.\n", outcome.measurements);
  }
  std::string text = RenderAnswerText(*Answer(outcome), style);
  text += Wrapped(CertaintySentence(outcome), style.width);
  const std::string disturbed = DisturbancesText(outcome.report.disturbances);
  if (!disturbed.empty()) text += Wrapped(disturbed + ".", style.width);
  text += ParameterLines(*Answer(outcome));
  text += fmt::format("\nNext: ollama-bench heatmap --estimate {}\n", results.string());
  return text;
}

/// Adds the answer so far and its probability to whatever way progress is shown.
class TuneProgress : public ProgressObserver {
 public:
  /// Search and strategy must outlive the object. With `json` every measurement becomes an event
  /// on that stream instead: {"event":"measurement", …}; of `shown` only notices remain.
  TuneProgress(std::unique_ptr<ProgressObserver> shown, Clock& clock, const Search& search,
               const TuneStrategy& strategy, std::FILE* json)
      : ProgressObserver({}, clock),
        shown_(std::move(shown)),
        search_(search),
        strategy_(strategy),
        json_(json) {}

  void OnCellStart(const Visit& visit, std::size_t remaining) override;
  void OnPhase(Phase phase, int run) override;
  void OnSample(const Cell& cell, const Sample& sample) override;
  void OnCellEnd(const CellResult& result) override;
  void OnNotice(NoticeLevel level, const std::string& text) override;

 private:
  std::unique_ptr<ProgressObserver> shown_;
  const Search& search_;
  const TuneStrategy& strategy_;
  std::FILE* json_;
};

void TuneProgress::OnCellStart(const Visit& visit, std::size_t remaining) {
  if (json_ == nullptr) shown_->OnCellStart(visit, remaining);
}

void TuneProgress::OnPhase(Phase phase, int run) {
  if (json_ == nullptr) shown_->OnPhase(phase, run);
}

void TuneProgress::OnSample(const Cell& cell, const Sample& sample) {
  if (json_ == nullptr) shown_->OnSample(cell, sample);
}

void TuneProgress::OnCellEnd(const CellResult& result) {
  const auto answer = search_.Answer();
  if (json_ != nullptr) {
    if (strategy_.last()) PrintMeasurementJson(json_, *strategy_.last(), answer);
    return;
  }
  shown_->OnCellEnd(result);
  if (!answer) return;
  shown_->OnNotice(NoticeLevel::kInfo, fmt::format("  best so far: {}, about {:.2f} tokens/s, "
                                                   "P(within 1 % of the best) = {}",
                                                   NameOf(answer->cell), answer->rate,
                                                   DescribeProbability(answer->probability)));
}

void TuneProgress::OnNotice(NoticeLevel level, const std::string& text) {
  shown_->OnNotice(level, text);
}

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
  std::string text = HeaderTitle(session.store().metadata().identity, session.driver().place());
  for (const Axis& axis : space.axes) {
    text += fmt::format("  {:<12} {}\n", KeyOf(axis.parameter), DescribeAxis(axis));
  }
  text += fmt::format("  cells        {}, {} measurements known\n", space.CellCount(), known);
  const bool is_count = options.budget.find_first_not_of("0123456789") == std::string::npos;
  text += fmt::format("  budget       {}{} in this start\n", options.budget,
                      is_count ? " measurements" : "");
  text += fmt::format("  results      {}\n", options.session.results.string());
  Print(stderr, "{}", Broken(STDERR_FILENO, text, kHeaderIndent));
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

ExitCode Report(const TuneOptions& options, const SweepOutcome& outcome, const TuneOutcome& found,
                Closing& closing) {
  if (outcome.reason == SweepOutcome::Reason::kStopRequested) {
    Print(stderr, "stopped; everything measured is in {}; the same command resumes\n",
          options.session.results.string());
    return ExitCode::kDone;
  }
  closing.Show(
      [&] { return TuneReportText(found, options.session.results, StyleOf(STDOUT_FILENO)); },
      [&] { return TuneReportJson(found); });
  if (!outcome.message.empty()) PrintError(outcome.message);
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
  if (current) current = WithStratum(*current, StrataOf(space).front());
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
                {std::move(*report), search.Answer(), strategy.measurements(), grid->CellCount()},
                display.closing());
}

ExitCode Tune(const TuneOptions& options, const SweepConfig& config, const StopRequest& stop) {
  SessionDisplay display(options.flags);
  Session session(options.session, config, stop, display.notices(), display.OnIdle());
  return display.closing().End(TuneSteps(options, session, display), stop);
}

}  // namespace

void AddTuneCommand(CLI::App& app, std::function<int()>& action, const StopRequest& stop) {
  const auto options = std::make_shared<TuneOptions>();
  CLI::App* tune = app.add_subcommand("tune", "Find the best cell without measuring all of them");
  tune->footer(
      "Uses and fills the same results as `run`, which can measure the rest later.\n"
      "Interrupt it as you like: the same command resumes where it stopped.\n"
      "Example: ollama-bench tune --model qwen3:4b --budget 1h");
  AddSessionFlags(*tune, options->session, options->flags, Purpose::kSearch);
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
