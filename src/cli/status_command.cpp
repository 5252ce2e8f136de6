#include "status_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>
#include <string_view>

#include "command_line.h"
#include "ollama_bench/analysis/load_units.h"
#include "ollama_bench/analysis/sweep_answer.h"
#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/clock.h"
#include "ollama_bench/core/stratum.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/plan/pending.h"
#include "ollama_bench/plan/plan_cells.h"
#include "ollama_bench/plan/remaining_time.h"
#include "ollama_bench/plan/repetitions.h"
#include "ollama_bench/render/answer_text.h"
#include "ollama_bench/render/json_report.h"
#include "ollama_bench/render/load_text.h"
#include "ollama_bench/render/text_report.h"
#include "ollama_bench/session/opened_store.h"
#include "ollama_bench/session/output_file.h"
#include "ollama_bench/session/stored_sweep.h"
#include "option_values.h"
#include "progress.h"
#include "terminal.h"

namespace ollama_bench {
namespace {

using Json = nlohmann::ordered_json;
using Seconds = std::chrono::duration<double>;

constexpr std::size_t kLatest = 5;

// The plan, and behind it the cells that are in the file without being planned, but for the
// current setting, which is no cell of the sweep.
std::vector<Cell> AllCells(const ResultsStore& store, const std::optional<Cell>& off_grid) {
  std::vector<Cell> cells = PlanCells(PlannedSpace(store.metadata()), false);
  const std::set<Cell> planned(cells.begin(), cells.end());
  for (const CellResult& result : store.results()) {
    const bool is_current = off_grid && SettingOf(result.cell) == SettingOf(*off_grid);
    if (!planned.contains(result.cell) && !is_current) cells.push_back(result.cell);
  }
  return cells;
}

// A recording need not have every cell of its grid; those that it lacks are not planned.
std::size_t CellsLeft(const Pending& pending, const Metadata& metadata) {
  const std::size_t left = pending.cells.size();
  if (!metadata.replayed || metadata.total_tests <= 0) return left;
  const auto planned = static_cast<std::size_t>(metadata.total_tests);
  const std::size_t known = pending.done + pending.failed;
  return std::min(left, planned > known ? planned - known : 0);
}

// How many samples a cell is to have is not in the file, but shows in the loads of the others: one
// where `tune` chose them, else what was configured. Where that is what `auto` takes of short runs,
// or there are no others, the rule of `auto` holds.
std::optional<int> RepetitionsOf(const std::vector<CellResult>& results) {
  std::size_t measured = 0;
  int most = 0;
  for (const CellResult& result : results) {
    const auto units = LoadUnitsOf(result, Metric::kPromptEvalRate);
    measured += units.empty() ? 0 : 1;
    for (const LoadUnit& unit : units) {
      if (unit.role == SampleRole::kMeasure) most = std::max(most, unit.runs);
    }
  }
  if (measured < 2 || most == 0 || most == kRepetitionsOfShortRun) return std::nullopt;
  return most;
}

// The same of load, whose levels have windows.
int WindowsOfLevel(const std::vector<CellResult>& results) {
  int most = 1;
  for (const CellResult& result : results) most = std::max(most, CountedSamples(result));
  return most;
}

LoadStatus LoadStatusOf(const ResultsStore& store, const Pending& pending) {
  LoadStatus load;
  const int wanted = WindowsOfLevel(store.results());
  for (const CellResult& result : store.results()) {
    load.windows += static_cast<std::size_t>(CountedSamples(result));
  }
  for (const Cell& cell : pending.cells) {
    const CellResult* known = store.Find(cell);
    const int measured = known != nullptr ? CountedSamples(*known) : 0;
    load.windows_left += static_cast<std::size_t>(std::max(0, wanted - measured));
  }
  load.series = AnswerLoad(store.results(), {}, {});
  return load;
}

std::optional<PresentStatus> PresentOf(const ResultsStore& store) {
  const auto cell = BaselineCell(store.metadata(), PlannedSpace(store.metadata()));
  if (!cell) return std::nullopt;
  PresentStatus present{*cell, store.metadata().baseline->source, std::nullopt};
  if (const CellResult* result = store.Find(*cell)) present.result = *result;
  return present;
}

// What the loads after the pass show.
void CountExtraLoads(const std::vector<CellResult>& results, StoreStatus& status) {
  for (const CellResult& result : results) {
    const auto units = LoadUnitsOf(result, Metric::kPromptEvalRate);
    const auto extra = std::count_if(units.begin(), units.end(), [](const LoadUnit& unit) {
      return unit.role == SampleRole::kConfirm;
    });
    status.extra_loads += static_cast<std::size_t>(extra);
    status.repeated_cells += extra > 0 ? 1 : 0;
  }
}

std::vector<CellResult> Latest(const std::vector<CellResult>& results) {
  std::vector<CellResult> latest(results.rbegin(), results.rend());
  std::stable_sort(latest.begin(), latest.end(), [](const CellResult& a, const CellResult& b) {
    return a.timestamp > b.timestamp;
  });
  if (latest.size() > kLatest) latest.resize(kLatest);
  return latest;
}

std::optional<Seconds> Mean(const std::vector<std::chrono::nanoseconds>& times) {
  if (times.empty()) return std::nullopt;
  const Seconds sum = std::accumulate(times.begin(), times.end(), Seconds(0));
  return sum / static_cast<double>(times.size());
}

std::string DescribeHolder(const std::optional<LockHolder>& holder) {
  if (!holder) return "none holds the file";
  if (holder->pid == 0) return "one holds the file (of another user or container)";
  std::string text = fmt::format("process {}", holder->pid);
  if (!holder->since.empty()) text += ", since " + LocalTime(holder->since);
  return text;
}

std::string DescribeTime(const StoreStatus& status) {
  if (!status.mean_cell_time) return "not known yet";
  std::string text = fmt::format("{} a {} on average", FormatDuration(*status.mean_cell_time),
                                 status.load ? "window" : "cell");
  if (status.left > 0 && status.time_left) {
    text += fmt::format(", about {} for the rest", FormatDuration(*status.time_left));
  }
  return text;
}

// One short phrase; what Ollama said is in the file.
std::string DescribeOutcome(const CellResult& result, Metric metric) {
  if (StatusOf(result) == CellStatus::kAlias) return "same as " + NameOf(*result.alias_of);
  if (const Failure* failure = FailureOf(result)) {
    return fmt::format("failed: {}", Describe(failure->kind).label);
  }
  return DescribeResult(result, metric);
}

std::string DescribePresent(const PresentStatus& present, Metric metric) {
  return fmt::format(
      "{}  {}", NameOf(present.cell),
      present.result ? DescribeOutcome(*present.result, metric) : "not measured yet");
}

std::string DescribeLatest(const CellResult& result, Metric metric) {
  constexpr std::size_t kLength = std::string_view("2026-11-21T07:00:05+01:00").size();
  return fmt::format("    {:<25} {:<29}  {}",
                     Printable(LocalTime(result.timestamp), false).substr(0, kLength),
                     NameOf(result.cell), DescribeOutcome(result, metric));
}

Json ToJson(const CellResult& result) {
  Json json = CellJson(result.cell);
  const auto rate = MedianPromptEvalRate(result);
  const Failure* failure = FailureOf(result);
  json["prompt_eval_rate"] = rate ? Json(*rate) : Json();
  json["failure"] = failure != nullptr ? Json(Describe(failure->kind).key) : Json();
  json["timestamp"] = result.timestamp;
  return json;
}

Json ToJson(const std::optional<PresentStatus>& present) {
  if (!present) return {};
  CellResult result;
  result.cell = present->cell;
  Json json = ToJson(present->result.value_or(result));
  json["source"] = present->source;
  return json;
}

// Under the keys that the report of `heatmap` has for the same.
void AddAnswer(Json& json, const StoreStatus& status) {
  if (status.load) {
    // What the requests say is not read here.
    const ReportJson answer = LoadJson(status.load->series);
    json["windows"] = status.load->windows;
    json["windows_left"] = status.load->windows_left;
    for (const char* key : {"knee", "series"}) {
      if (answer.contains(key)) json[key] = answer[key];
    }
  }
  const Json report =
      status.report ? Json::parse(RenderAnswerJson(status.report->tables, status.report->answers))
                    : Json();
  for (const char* key :
       {"verdict", "reason", "fastest", "recommended", "current", "gain", "contenders", "tied",
        "largest_safe_context", "trust", "detectable_percent", "more_loads", "more_s"}) {
    json[key] = report.is_object() ? report[key] : Json();
  }
  if (report.contains("answers")) json["answers"] = report["answers"];
}

Json ToJson(const std::optional<Seconds>& time) {
  return time ? Json(time->count()) : Json();
}

void AddLoadAnswers(std::vector<std::string>& lines, const LoadStatus& load) {
  for (const LoadSeries& series : load.series) {
    const std::string text = LoadSentences(series);
    if (text.empty()) continue;
    const std::string of = load.series.size() == 1 ? "" : DescribeCell(series.common) + ": ";
    lines.push_back(fmt::format("  {:<9} {}{}", "answer", of, text));
  }
}

}  // namespace

StoreStatus DescribeStore(const ResultsStore& store, std::optional<LockHolder> holder) {
  const Metadata& metadata = store.metadata();
  const Space planned = PlannedSpace(metadata);
  const auto off_grid = OffGrid(BaselineCell(metadata, planned), planned);
  PendingRules rules;
  const bool is_load = WorkloadOf(metadata) == WorkloadKind::kLoad;
  rules.repetitions = is_load ? WindowsOfLevel(store.results()) : RepetitionsOf(store.results());
  const Pending pending = FindPending(AllCells(store, off_grid), store.results(), rules);
  StoreStatus status;
  status.metric = Describe(WorkloadOf(metadata)).headline;
  status.model = metadata.identity.model;
  status.ollama_version = metadata.identity.ollama_version;
  status.replayed = metadata.replayed;
  status.mixed = metadata.mixed;
  status.unverified = metadata.unverified;
  status.succeeded = pending.done;
  status.failed = pending.failed;
  status.left = CellsLeft(pending, metadata);
  status.cells = status.succeeded + status.failed + status.left;
  status.latest = Latest(store.results());
  if (is_load) status.load = LoadStatusOf(store, pending);
  const auto times = is_load ? WindowTimes(store.results()) : KnownCellTimes(store.results());
  status.mean_cell_time = Mean(times);
  status.time_left = RemainingTime(times, is_load ? status.load->windows_left : status.left);
  ProgressState best;
  best.present_setting = off_grid;
  best.metric = status.metric;
  for (const CellResult& result : store.results()) best.ConsiderBest(result);
  status.best = best.best;
  status.best_rate = best.best_rate;
  status.present = PresentOf(store);
  CountExtraLoads(store.results(), status);
  if (!is_load) {
    if (auto report = ReportOf(store, status.metric)) status.report = std::move(*report);
  }
  status.disturbances = FindDisturbances(store.results());
  status.holder = std::move(holder);
  return status;
}

std::vector<std::string> StatusLines(const StoreStatus& status, const std::string& file) {
  std::string title = Printable(file, false);
  if (!status.model.empty()) title += ": " + Printable(status.model, false);
  if (!status.ollama_version.empty()) {
    title += " on Ollama " + Printable(status.ollama_version, false);
  }
  std::vector<std::string> lines = {title};
  const auto line = [&lines](std::string_view label, const std::string& text) {
    lines.push_back(fmt::format("  {:<9} {}", label, text));
  };
  if (status.replayed) line("REPLAYED", "these numbers come from a recording");
  if (status.mixed) {
    line("MIXED", status.unverified ? "samples that do not say with what they were made"
                                    : "samples of different models, prompts or servers");
  }
  line(status.load ? "levels" : "cells",
       fmt::format("{} of {} done: {} succeeded, {} failed; {} left",
                   status.succeeded + status.failed, status.cells, status.succeeded, status.failed,
                   status.left));
  if (status.load) {
    line("windows",
         fmt::format("{} measured, {} left", status.load->windows, status.load->windows_left));
    AddLoadAnswers(lines, *status.load);
  }
  if (status.present) line("current", DescribePresent(*status.present, status.metric));
  if (status.extra_loads > 0) {
    line("extra", fmt::format("{} loads of {} cells", status.extra_loads, status.repeated_cells));
  }
  if (status.report) {
    for (const StratumAnswer& of_stratum : status.report->answers) {
      if (!of_stratum.answer) continue;
      const bool is_one = status.report->answers.size() == 1;
      line("answer", (is_one ? "" : DescribeCell(of_stratum.stratum) + ": ") +
                         AnswerSentence(*of_stratum.answer));
    }
  }
  if (status.disturbances.samples > 0) line("disturbed", DisturbancesText(status.disturbances));
  line("run", DescribeHolder(status.holder));
  line("time", DescribeTime(status));
  if (status.best) {
    line("highest", fmt::format("{:.2f} {} at {}", status.best_rate, Describe(status.metric).unit,
                                DescribeCell(*status.best)));
  }
  if (!status.latest.empty()) lines.emplace_back("  latest");
  for (const CellResult& result : status.latest)
    lines.push_back(DescribeLatest(result, status.metric));
  return lines;
}

std::string StatusJson(const StoreStatus& status, const std::string& file, int indent) {
  Json json = {{"results", file},
               {"model", status.model},
               {"ollama_version", status.ollama_version},
               {"replayed", status.replayed},
               {"mixed", status.mixed},
               {"cells", status.cells},
               {"done", status.succeeded + status.failed},
               {"succeeded", status.succeeded},
               {"failed", status.failed},
               {"left", status.left}};
  json["mean_cell_s"] = ToJson(status.mean_cell_time);
  json["time_left_s"] = ToJson(status.time_left);
  json["run"] =
      status.holder ? Json{{"pid", status.holder->pid}, {"since", status.holder->since}} : Json();
  json["best"] = Json();
  if (status.best) {
    json["best"] = CellJson(*status.best);
    json["best"][std::string(Describe(status.metric).key)] = status.best_rate;
  }
  json["present_setting"] = ToJson(status.present);
  json["confirm_loads"] = status.extra_loads;
  json["confirmed_cells"] = status.repeated_cells;
  AddAnswer(json, status);
  json["disturbed"] = DisturbancesJson(status.disturbances);
  json["latest"] = Json::array();
  for (const CellResult& result : status.latest) json["latest"].push_back(ToJson(result));
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

namespace {

namespace fs = std::filesystem;

struct StatusOptions {
  fs::path results = "benchmark_results.json";
  bool watch = false;
  double interval_s = 2;
  bool json = false;
};

// No lock is taken: neither a running sweep nor one that is about to start is in the way.
Expected<StoreStatus, StoreError> ReadStatus(const fs::path& results) {
  auto holder = WhoHolds(results);
  if (!holder) return Unexpected<StoreError>(holder.error());
  PosixFileSystem file_system;
  const auto store = ResultsStore::Load(file_system, results);
  if (store) return DescribeStore(*store, std::move(*holder));
  StoreError error = NotResults(results, store.error());
  if (error.kind == StoreError::Kind::kMissing) {
    error.message += *holder ? "; a run is about to make it"
                             : "; name another file, or begin a sweep with `ollama-bench run`";
  }
  return Unexpected<StoreError>(std::move(error));
}

int Complain(const StoreError& error) {
  const SessionError shown = ToSessionError(error);
  PrintError(shown.message);
  return static_cast<int>(shown.code);
}

std::string Render(const StoreStatus& status, const StatusOptions& options, int indent) {
  const std::string file = options.results.string();
  if (options.json) return StatusJson(status, file, indent) + "\n";
  constexpr std::size_t kIndent = 10;  // from where a line begins to where its text does
  std::string text = fmt::format("{}\n", fmt::join(StatusLines(status, file), "\n"));
  return Broken(STDOUT_FILENO, text, kIndent);
}

int ShowOnce(const StatusOptions& options) {
  const auto status = ReadStatus(options.results);
  if (!status) return Complain(status.error());
  Print(stdout, "{}", Render(*status, options, 2));
  return static_cast<int>(ExitCode::kDone);
}

/// Shows texts one after the other: on a terminal in the place of the one before, elsewhere only
/// what has changed.
class Shown {
 public:
  explicit Shown(bool json) : in_place_(!json && CanRedraw(STDOUT_FILENO)), json_(json) {}

  void Show(const std::string& text) {
    if (text == last_) return;
    if (in_place_) {
      // Back to the block's first line and clear from there on (ECMA-48: CPL, ED).
      if (lines_ > 0) Print(stdout, "\x1b[{}F\x1b[J", lines_);
      lines_ = RowsOf(text, TerminalWidth(STDOUT_FILENO));
    } else if (!last_.empty() && !json_) {
      Print(stdout, "\n");
    }
    Print(stdout, "{}", text);
    std::fflush(stdout);
    last_ = text;
  }

 private:
  // A terminal breaks lines that are wider than itself.
  static int RowsOf(const std::string& text, int width) {
    int rows = 0;
    int column = 0;
    for (const char c : text) {
      const bool begins_character = (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
      if (c == '\n') {
        rows += 1 + std::max(0, column - 1) / width;
        column = 0;
      } else if (begins_character) {
        ++column;
      }
    }
    return rows;
  }

  bool in_place_;
  bool json_;
  int lines_ = 0;
  std::string last_;
};

int Watch(const StatusOptions& options, const StopRequest& stop) {
  SystemClock clock;
  Shown shown(options.json);
  const auto interval = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::duration<double>(options.interval_s));
  while (!stop.Requested()) {
    const auto status = ReadStatus(options.results);
    const bool missing = !status && status.error().kind == StoreError::Kind::kMissing;
    if (!status && !missing) return Complain(status.error());
    if (status) {
      shown.Show(Render(*status, options, -1));
      if (!status->holder) break;
    }
    clock.Sleep(interval, stop);
  }
  return static_cast<int>(ExitCode::kDone);
}

}  // namespace

void AddStatusCommand(CLI::App& app, std::function<int()>& action, const StopRequest& stop) {
  const auto options = std::make_shared<StatusOptions>();
  CLI::App* status = app.add_subcommand("status", "Show how far a sweep is, also while it runs");
  status->footer("A running sweep is neither disturbed nor slowed down: nothing is locked.");
  status->add_option("RESULTS", options->results, "Results of a sweep, finished or running")
      ->capture_default_str();
  CLI::Option* watch =
      status->add_flag("-w,--watch", options->watch,
                       "Repeat until no run holds the file; where there is none yet, wait for it");
  status->add_option("--interval", options->interval_s, "Seconds between two looks of --watch")
      ->type_name("SECONDS")
      ->needs(watch)
      ->check(CheckNumber(0.1, 3600))
      ->capture_default_str();
  status->add_flag("--json", options->json,
                   "For programs: one JSON object; with --watch one a line for each change");
  status->callback([options, &action, &stop] {
    action = [options, &stop] {
      return options->watch ? Watch(*options, stop) : ShowOnce(*options);
    };
  });
}

}  // namespace ollama_bench
