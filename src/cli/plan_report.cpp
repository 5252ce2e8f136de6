#include "plan_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "ollama_bench/core/text.h"
#include "ollama_bench/plan/remaining_time.h"
#include "run_report.h"

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
  for (const int value : axis.values) list.push_back(ValueAs<Json>(axis.parameter, value));
  return list;
}

}  // namespace

std::string PlanText(const SweepPlan& plan, const fs::path& results, std::size_t width) {
  std::string text = RunHeaderText({plan.config, plan.metadata, plan.pending, plan.current,
                                    plan.place, plan.prompt.description,
                                    DescribeTimeNeeded(plan.visits, plan.measured), results});
  if (plan.visits > 0) text += fmt::format("  {:<12} {}\n", "tune", TuneText(plan));
  text += fmt::format("  {:<12} {}\n", "disk", DiskText(plan.disk));
  text += "values\n";
  for (const Axis& axis : plan.config.space.axes) text += ValueLines(axis, width);
  for (const PlanWarning& warning : plan.grid_warnings) {
    text += fmt::format("warning: {}\n", warning.message);
  }
  for (const std::string& warning : plan.warnings) text += fmt::format("warning: {}\n", warning);
  if (plan.obstacle) text += fmt::format("a run would end here: {}\n", plan.obstacle->message);
  return text;
}

std::string PlanJson(const SweepPlan& plan, const fs::path& results) {
  const auto times = KnownCellTimes(plan.measured);
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
  json["tune"] = {
      {"least_measurements", plan.tune.least},
      {"most_measurements", plan.tune.most},
      {"measurement_s", plan.tune.measurement_s ? Json(*plan.tune.measurement_s) : Json()}};
  json["disk"] = {{"results_bytes", plan.disk.results},
                  {"weights_bytes", plan.disk.weights},
                  {"free_bytes", plan.disk.free ? Json(*plan.disk.free) : Json()}};
  json["warnings"] = WarningsJson(plan);
  json["obstacle"] = plan.obstacle ? Json(plan.obstacle->message) : Json();
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace ollama_bench
