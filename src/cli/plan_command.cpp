#include "plan_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "command_line.h"
#include "load_command.h"
#include "load_header.h"
#include "ollama_bench/core/clock.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/plan/remaining_time.h"
#include "ollama_bench/search/block_race.h"
#include "ollama_bench/session/output_file.h"
#include "ollama_bench/session/session.h"
#include "ollama_bench/session/sweep_plan.h"
#include "ollama_bench/session/sweep_rules.h"
#include "run_report.h"
#include "session_display.h"
#include "session_flags.h"
#include "terminal.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

// "  num_ctx      4 values: 1024, 2048, …" in lines of at most `width` columns.
std::string ValueLines(const Axis& axis, std::size_t width) {
  constexpr std::size_t kIndent = 15;
  std::string line = fmt::format("  {:<12} {} value{}:", KeyOf(axis.parameter), axis.values.size(),
                                 axis.values.size() == 1 ? "" : "s");
  std::string text;
  for (std::size_t i = 0; i < axis.values.size(); ++i) {
    const std::string value =
        fmt::format(" {}{}", LabelOf(axis, i), i + 1 < axis.values.size() ? "," : "");
    if (line.size() + value.size() > width) {
      text += line + "\n";
      line = std::string(kIndent - 1, ' ');
    }
    line += value;
  }
  return text + line + "\n";
}

std::string DiskText(const DiskNeed& disk) {
  std::string text = fmt::format("about {} for the results", FormatBytes(disk.results));
  if (disk.free) text += fmt::format(", {} free", FormatBytes(*disk.free));
  if (disk.weights > 0) {
    text += fmt::format("; Ollama copies {} of weights", FormatBytes(disk.weights));
  }
  return text;
}

// "24 to 80 measurements instead of 815 loads, about 6.1 min to 20 min"
std::string TuneText(const SweepPlan& plan) {
  const TuneNeed& tune = plan.tune;
  std::string text = fmt::format("{} {} measurements instead of {} loads",
                                 tune.least == 0 ? "at most" : fmt::format("{} to", tune.least),
                                 tune.most, plan.visits);
  if (!tune.measurement_s) return text;
  const auto time = [&tune](std::size_t measurements) {
    return FormatDuration(std::chrono::duration<double>(*tune.measurement_s) *
                          static_cast<double>(measurements));
  };
  if (tune.least == 0) return fmt::format("{}, {} at most", text, time(tune.most));
  return fmt::format("{}, about {} to {}", text, time(tune.least), time(tune.most));
}

std::string_view KeyOf(PlanWarning::Kind kind) {
  switch (kind) {
    case PlanWarning::Kind::kBatchWithoutEffect:
      return "batch_without_effect";
    case PlanWarning::Kind::kBatchAboveCap:
      return "batch_above_cap";
    case PlanWarning::Kind::kPromptDoesNotFit:
      return "prompt_does_not_fit";
    case PlanWarning::Kind::kAboveTrainedContext:
      return "above_trained_context";
    case PlanWarning::Kind::kMetricsLost:
      return "metrics_lost";
  }
  return "";
}

Json WarningsJson(const SweepPlan& plan) {
  Json json = Json::array();
  for (const PlanWarning& warning : plan.grid_warnings) {
    json.push_back({{"kind", KeyOf(warning.kind)}, {"message", warning.message}});
  }
  for (const std::string& warning : plan.warnings) {
    json.push_back({{"kind", "other"}, {"message", warning}});
  }
  return json;
}

Json ValuesJson(const Axis& axis) {
  Json list = Json::array();
  for (const int value : axis.values) {
    list.push_back(value == kAutoValue ? Json(FormatValue(axis.parameter, value))
                                       : ValueAs<Json>(axis.parameter, value));
  }
  return list;
}

bool IsLoad(const SweepPlan& plan) {
  return plan.config.workload == WorkloadKind::kLoad;
}

std::string PlanHeaderText(const SweepPlan& plan, const fs::path& results) {
  if (IsLoad(plan)) {
    return LoadHeaderText({plan.config, plan.metadata.identity, plan.place, plan.prompt.description,
                           plan.load, plan.measured, results});
  }
  std::string header = RunHeaderText({plan.config, plan.metadata, plan.pending, plan.current,
                                      plan.place, plan.prompt.description,
                                      DescribeTimeNeeded(plan.visits, plan.measured), results});
  if (plan.visits > 0) header += fmt::format("  {:<12} {}\n", "tune", TuneText(plan));
  return header;
}

std::string PlanText(const SweepPlan& plan, const fs::path& results, std::size_t width) {
  std::string header = PlanHeaderText(plan, results);
  header += fmt::format("  {:<12} {}\n", "disk", DiskText(plan.disk));
  std::string text;
  for (const Axis& axis : plan.config.space.axes) {
    // Those of a search are no list of levels.
    const bool is_searched =
        plan.config.traffic.searches_capacity && axis.parameter == Parameter::kConcurrency;
    if (!is_searched) text += ValueLines(axis, width);
  }
  if (!text.empty()) text = "values\n" + text;
  for (const PlanWarning& warning : plan.grid_warnings) {
    text += fmt::format("warning: {}\n", warning.message);
  }
  for (const std::string& warning : plan.warnings) text += fmt::format("warning: {}\n", warning);
  if (plan.obstacle) text += fmt::format("a run would end here: {}\n", plan.obstacle->message);
  return Broken(STDOUT_FILENO, header, kHeaderIndent) + Broken(STDOUT_FILENO, text);
}

Json LoadJson(const SweepPlan& plan) {
  const TrafficOptions& traffic = plan.config.traffic;
  Json objectives = Json::array();
  for (const Objective& objective : traffic.objectives) {
    objectives.push_back(FormatObjective(objective));
  }
  return {{"windows_of_level", WindowsOfLevel(plan.config)},
          {"requests_of_window", traffic.duration ? Json() : Json(traffic.requests)},
          {"duration_s", traffic.duration ? Json(traffic.duration->count()) : Json()},
          {"arrival", KeyOf(traffic.arrival)},
          {"slo", std::move(objectives)},
          {"searches_capacity", traffic.searches_capacity},
          {"windows", plan.load.windows},
          {"requests", plan.load.requests ? Json(*plan.load.requests) : Json()}};
}

std::string PlanJson(const SweepPlan& plan, const fs::path& results) {
  const auto times = IsLoad(plan) ? WindowTimes(plan.measured) : KnownCellTimes(plan.measured);
  const auto seconds = [](const std::optional<std::chrono::duration<double>>& time) {
    return time ? Json(time->count()) : Json();
  };
  const SweepConfig& config = plan.config;
  Json json = {{"model", plan.metadata.identity.model},
               {"driver", plan.metadata.identity.driver},
               {"ollama_version", plan.metadata.identity.ollama_version},
               {"server", plan.place},
               {"results", results.string()},
               {"workload", Describe(config.workload).key}};
  for (const Axis& axis : config.space.axes)
    json[std::string(KeyOf(axis.parameter))] = ValuesJson(axis);
  json.update({{"row_first", config.row_first},
               {"cells", config.space.CellCount()},
               {"done", plan.pending.done},
               {"failed", plan.pending.failed},
               {"to_measure", plan.pending.cells.size()},
               {"visits", plan.visits},
               {"prompt", plan.prompt.description}});
  // What all cells share; what is an axis is there already.
  const auto add = [&](Parameter parameter, std::int64_t value) {
    json.emplace(std::string(KeyOf(parameter)), value);
  };
  add(Parameter::kPromptTokens, plan.prompt_tokens);
  add(Parameter::kNumPredict, config.num_predict);
  json["present_setting"] = plan.present_setting.empty() ? Json() : Json(plan.present_setting);
  json["repetitions"] = config.repetitions ? Json(*config.repetitions) : Json();
  json["cell_s"] = seconds(RemainingTime(times, 1));
  json["total_s"] = seconds(RemainingTime(times, plan.visits));
  if (IsLoad(plan)) {
    json.update(LoadJson(plan));
  } else {
    json["tune"] = {
        {"least_measurements", plan.tune.least},
        {"most_measurements", plan.tune.most},
        {"measurement_s", plan.tune.measurement_s ? Json(*plan.tune.measurement_s) : Json()}};
  }
  json["disk"] = {{"results_bytes", plan.disk.results},
                  {"weights_bytes", plan.disk.weights},
                  {"free_bytes", plan.disk.free ? Json(*plan.disk.free) : Json()}};
  json["warnings"] = WarningsJson(plan);
  json["obstacle"] = plan.obstacle ? Json(plan.obstacle->message) : Json();
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

struct PlanOptions {
  RunOptions run;
  CommandFlags flags;
  bool probe = false;
};

// A real cell of the sweep, kept in the results like any other, so that its time is not wasted.
Expected<void, SessionError> Probe(RunOptions options, const SweepConfig& config,
                                   const StopRequest& stop) {
  options.session.save_config.clear();  // saved with the plan
  CommandFlags quiet;
  quiet.quiet = true;
  SessionDisplay display(quiet);
  Session session(options.session, config, stop, display.notices());
  if (auto step = session.Begin(GridSize::kSweep); !step) return step;
  const Pending pending = FindPending(session.PlannedCells(), session.store().results(),
                                      {session.config().repetitions, options.retry_failed,
                                       std::size_t{1}, options.remeasure_unverified});
  const bool known = !CellTimes(session.store().results()).empty();
  if (known || pending.cells.empty()) return {};
  Print(stderr, "probing with {}\n", NameOf(pending.cells.front()));
  BlockRace race(pending.cells, {}, {});
  const auto outcome = session.Measure(race, display.MakeProgress({}), session.RunnerOptions());
  if (!outcome) return Unexpected<SessionError>(outcome.error());
  if (outcome->message.empty()) return {};
  return Fail(ExitCodeOf(*outcome, false), outcome->message);
}

ExitCode Refuse(const SessionError& error) {
  PrintError(error.message);
  return error.code;
}

int Plan(const PlanOptions& options, const StopRequest& stop) {
  return WithConfig(options.flags, [&](const SweepConfig& config) {
    if (options.probe && config.workload == WorkloadKind::kLoad) {
      PrintError(
          "--probe measures one cell, and load has windows; `ollama-bench load --limit 1` measures "
          "and keeps one");
      return ExitCode::kUsage;
    }
    if (options.probe) {
      PosixFileSystem file_system;
      const auto fits = CheckSavedConfig(file_system, options.run.session);
      if (!fits) return Refuse(fits.error());
      const auto probed = Probe(options.run, config, stop);
      if (!probed) return Refuse(probed.error());
    }
    return ShowPlan(options.run, options.flags, config, stop);
  });
}

}  // namespace

ExitCode ShowPlan(const RunOptions& options, const CommandFlags& flags, const SweepConfig& config,
                  const StopRequest& stop) {
  SystemClock clock;
  PosixFileSystem file_system;
  if (const auto fits = CheckSavedConfig(file_system, options.session); !fits) {
    return Refuse(fits.error());
  }
  if (config.workload == WorkloadKind::kLoad) {
    if (const auto fits = CheckOptionsOfLoad(options); !fits) return Refuse(fits.error());
  }
  const auto plan = MakeSweepPlan(options, config, clock, stop);
  if (!plan) return Refuse(plan.error());
  const auto& results = options.session.results;
  if (flags.json) {
    Print(stdout, "{}\n", PlanJson(*plan, results));
  } else {
    Print(stdout, "{}",
          PlanText(*plan, results, static_cast<std::size_t>(TerminalWidth(STDOUT_FILENO))));
  }
  if (!plan->obstacle) {
    const auto saved = SaveConfig(file_system, options.session, plan->config);
    return saved ? ExitCode::kDone : Refuse(saved.error());
  }
  if (!options.session.save_config.empty()) {
    Print(stderr, "{} is not written, for `run` would not start\n",
          options.session.save_config.string());
  }
  return plan->obstacle->code;
}

void AddPlanCommand(CLI::App& app, std::function<int()>& action, const StopRequest& stop) {
  const auto options = std::make_shared<PlanOptions>();
  CLI::App* plan = app.add_subcommand("plan", "Show what `run` would do with the same options");
  plan->footer(
      "Without --probe nothing is measured or written.\n"
      "Example: ollama-bench plan --model qwen3:4b --ctx 4096,8192 --batch 256,512,1024");
  AddRunFlags(*plan, options->run, options->flags);
  plan->add_flag("--probe", options->probe,
                 "Measure one cell, where no time is known, and keep it in the results");
  plan->callback(
      [options, &action, &stop] { action = [options, &stop] { return Plan(*options, stop); }; });
}

}  // namespace ollama_bench
