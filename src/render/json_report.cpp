#include "ollama_bench/render/json_report.h"

#include <fmt/format.h>

#include <cmath>
#include <string>

#include "ollama_bench/analysis/best_cell.h"
#include "ollama_bench/analysis/result_table.h"
#include "ollama_bench/render/answer_text.h"

namespace ollama_bench {
namespace {

using Json = ReportJson;

double ToPercent(double log_ratio) {
  return 100 * std::expm1(log_ratio);
}

template <class Value>
Json OrNull(const std::optional<Value>& value) {
  return value ? Json(*value) : Json();
}

Json StandingJson(const CellStanding& standing) {
  Json json = CellJson(standing.cell);
  json["estimate"] = std::exp(standing.value.mean);
  json["low"] = std::exp(standing.value.low);
  json["high"] = std::exp(standing.value.high);
  json["loads"] = standing.loads;
  json["runs"] = standing.runs;
  return json;
}

void AddServing(Json& json, const std::optional<CellServing>& serving) {
  if (!serving) return;
  json["decode_rate"] = OrNull(serving->decode_rate);
  json["gpu_share"] = OrNull(serving->gpu_share);
  json["memory_bytes"] = OrNull(serving->memory_bytes);
  if (serving->joules_per_token) json["joules_per_token"] = *serving->joules_per_token;
}

// With the value that the table has.
Json BestJson(const CellStanding& standing, std::span<const ResultTable> tables) {
  Json json = StandingJson(standing);
  for (const ResultTable& table : tables) {
    const auto place = table.grid.PlaceOf(standing.cell);
    if (!place) continue;
    const auto* measured = std::get_if<Measured>(&table.states[*place]);
    if (measured != nullptr) json["value"] = measured->value;
  }
  return json;
}

Json PlacesJson(const SweepAnswer& answer, const std::vector<std::size_t>& places) {
  Json list = Json::array();
  for (const std::size_t place : places) list.push_back(StandingJson(answer.cells[place]));
  return list;
}

// What `baseline.verdict` has always said of the gain alone.
const char* GainKey(const SweepAnswer& answer) {
  if (answer.recommended == answer.current) return "same_cell";
  if (!answer.gain) return "unclear";
  const double threshold = std::log1p(kThreshold);
  if (answer.gain->low > threshold) return "worth_having";
  return answer.gain->high < threshold ? "none" : "unclear";
}

Json CurrentJson(const SweepAnswer& answer) {
  if (!answer.current) return {};
  Json json = StandingJson(answer.cells[*answer.current]);
  json["source"] = answer.options.current_source;
  AddServing(json, answer.current_serving);
  return json;
}

Json BaselineJson(const SweepAnswer& answer) {
  Json json = CurrentJson(answer);
  if (json.is_null()) return json;
  json["gain"] = answer.gain ? PercentJson(*answer.gain) : Json();
  json["verdict"] = GainKey(answer);
  return json;
}

Json SafeContextJson(const SweepAnswer& answer) {
  if (!answer.largest_safe_context) return {};
  const SafeContext& safe = *answer.largest_safe_context;
  const CellStanding& standing = answer.cells[safe.place];
  Json json = StandingJson(standing);
  json["change"] = PercentJson(standing.against_leader);
  json["max_loss_percent"] = 100 * answer.options.max_loss;
  json["gpu_share"] = OrNull(safe.gpu_share);
  return json;
}

Json MemoryJson(const SweepAnswer& answer) {
  if (!answer.memory) return {};
  Json list = Json::array();
  for (const ServerMemory& setting : answer.memory->settings) {
    Json json = CellJson(setting.server);
    json["memory_bytes"] = setting.size_bytes;
    json["largest_num_ctx_on_gpu"] = OrNull(setting.largest_on_gpu);
    list.push_back(std::move(json));
  }
  return {{"at", CellJson(answer.memory->shared)}, {"settings", std::move(list)}};
}

Json MeansJson(const SweepAnswer& answer, Parameter parameter) {
  Json list = Json::array();
  for (const AxisMean& mean : answer.MeansAlong(parameter)) {
    Json json = CellJson(Cell().With(parameter, mean.value));
    json.update(PercentJson(mean.against_best));
    list.push_back(std::move(json));
  }
  return list;
}

Json NoiseJson(const SweepAnswer& answer) {
  return {{"load_percent", 100 * answer.load_deviation},
          {"run_percent", 100 * answer.run_deviation},
          {"is_assumed", !answer.repeats},
          {"drift_percent", 100 * answer.drift},
          {"threshold_percent", 100 * kThreshold},
          {"level", 0.95}};
}

Json OutliersJson(const SweepAnswer& answer) {
  Json list = Json::array();
  for (const Outlier& outlier : answer.outliers) {
    Json json = CellJson(outlier.cell);
    json["sample_id"] = outlier.sample_id;
    json["ratio"] = outlier.ratio;
    json["left_out"] = outlier.stalled;
    list.push_back(std::move(json));
  }
  return list;
}

void AddNothing(Json& report) {
  for (const char* key : {"answer", "verdict", "reason", "fastest", "recommended", "current",
                          "gain", "best", "baseline", "largest_safe_context", "memory", "trust",
                          "drift", "detectable_percent", "more_loads", "more_s"}) {
    report[key] = Json();
  }
  for (const char* key : {"contenders", "tied", "best_set", "columns", "rows", "outliers"}) {
    report[key] = Json::array();
  }
  report["margins"] = Json::object();
}

}  // namespace

ReportJson PercentJson(const LogPosterior& change) {
  return {{"percent", ToPercent(change.mean)},
          {"low_percent", ToPercent(change.low)},
          {"high_percent", ToPercent(change.high)}};
}

void AddAnswer(ReportJson& report, std::span<const ResultTable> tables,
               const std::optional<SweepAnswer>& answer) {
  AddNothing(report);
  if (!answer) return;
  report["answer"] = AnswerSentence(*answer);
  report["verdict"] = KeyOf(answer->verdict);
  report["reason"] = answer->for_context ? Json("context") : Json(answer->reason);
  report["fastest"] = answer->is_fastest;
  if (answer->recommended) {
    report["recommended"] = BestJson(answer->cells[*answer->recommended], tables);
    AddServing(report["recommended"], answer->recommended_serving);
  }
  report["current"] = CurrentJson(*answer);
  if (answer->gain) report["gain"] = PercentJson(*answer->gain);
  report["best"] = BestJson(answer->cells[answer->leader], tables);
  report["baseline"] = BaselineJson(*answer);
  report["largest_safe_context"] = SafeContextJson(*answer);
  report["memory"] = MemoryJson(*answer);
  report["trust"] = KeyOf(answer->trust);
  report["detectable_percent"] = 100 * answer->detectable;
  report["more_loads"] = answer->more_loads;
  report["more_s"] = OrNull(answer->more_s);
  report["contenders"] = PlacesJson(*answer, answer->contenders);
  report["best_set"] = report["contenders"];
  if (answer->are_tied) report["tied"] = report["contenders"];
  report["drift"] = {{"percent", 100 * answer->drift}};
  report["columns"] = MeansJson(*answer, kUsualAcross);
  report["rows"] = MeansJson(*answer, kUsualDown);
  report["margins"] = Json::object();
  for (const Margin& margin : answer->margins) {
    report["margins"][std::string(KeyOf(margin.parameter))] = MeansJson(*answer, margin.parameter);
  }
  report["outliers"] = OutliersJson(*answer);
  report["statistics"]["noise"] = NoiseJson(*answer);
}

nlohmann::ordered_json CellJson(const Cell& cell) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const ParameterInfo& info : AllParameters()) {
    if (!cell.Sets(info.parameter)) continue;
    json[std::string(info.key)] =
        ValueAs<nlohmann::ordered_json>(info.parameter, cell[info.parameter]);
  }
  return json;
}

namespace {

using Json = ReportJson;

Json BestJson(const BestCell& best) {
  Json json = CellJson(best.cell);
  json["value"] = best.value;
  return json;
}

Json BestListJson(std::span<const ResultTable> tables, Parameter parameter) {
  Json json = Json::array();
  for (const BestOfValue& of_value : BestPerValue(tables, parameter)) {
    if (of_value.best) json.push_back(BestJson(*of_value.best));
  }
  return json;
}

// Of each parameter that some cell sets.
void AddBestLists(Json& report, std::span<const ResultTable> tables) {
  for (const Parameter parameter : ParametersOf(tables)) {
    report[fmt::format("best_per_{}", KeyOf(parameter))] = BestListJson(tables, parameter);
  }
}

Json StatisticsJson(const TableStatistics& statistics) {
  Json json = {{"combinations", statistics.combinations},
               {"successful", statistics.successful},
               {"failed", statistics.failed},
               {"excluded", statistics.excluded},
               {"aliases", statistics.aliases},
               {"untested", statistics.untested}};
  Json by_kind = Json::object();
  for (const auto& [kind, count] : statistics.failed_by_kind) {
    by_kind[std::string(Describe(kind).key)] = count;
  }
  json["failed_by_kind"] = by_kind;
  const auto& values = statistics.values;
  json["max"] = values ? Json(values->maximum) : Json();
  json["min"] = values ? Json(values->minimum) : Json();
  json["mean"] = values ? Json(values->mean) : Json();
  json["median"] = values ? Json(values->median) : Json();
  return json;
}

void AddCells(Json& report, const ResultTable& table) {
  for (std::size_t row = 0; row < table.rows(); ++row) {
    for (std::size_t column = 0; column < table.columns(); ++column) {
      const CellState& state = table.At(row, column);
      Json json = CellJson(table.CellAt(row, column));
      const char* list = "untested";
      if (const auto* measured = std::get_if<Measured>(&state)) {
        list = "cells";
        json["value"] = measured->value;
        json["samples"] = measured->samples;
        if (measured->unverified) json["unverified"] = true;
      } else if (const auto* failed = std::get_if<Failed>(&state)) {
        list = "failures";
        json["kind"] = Describe(failed->kind).key;
        json["message"] = failed->message;
      } else if (const auto* excluded = std::get_if<Excluded>(&state)) {
        list = "excluded";
        json["reason"] = KeyOf(excluded->reason);
      } else if (const auto* alias = std::get_if<AliasOf>(&state)) {
        list = "aliases";
        json["alias_of"] = CellJson(alias->cell);
      } else if (const auto& estimate = std::get<Untested>(state).estimate) {
        json["estimate"] = estimate->value;
        json["margin"] = estimate->margin;
      }
      report[list].push_back(std::move(json));
    }
  }
}

// One answer is a part of the report, each of several an object with its request.
void AddAnswers(Json& report, std::span<const ResultTable> tables,
                std::span<const StratumAnswer> answers) {
  if (answers.size() == 1) return AddAnswer(report, tables, answers.front().answer);
  AddAnswer(report, tables, std::nullopt);
  report["answers"] = Json::array();
  for (const StratumAnswer& of_stratum : answers) {
    Json json = CellJson(of_stratum.stratum);
    AddAnswer(json, tables, of_stratum.answer);
    report["answers"].push_back(std::move(json));
  }
}

}  // namespace

std::string RenderAnswerJson(std::span<const ResultTable> tables,
                             std::span<const StratumAnswer> answers) {
  Json json = Json::object();
  AddAnswers(json, tables, answers);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string RenderJsonReport(std::span<const ResultTable> tables,
                             std::span<const StratumAnswer> answers, const SweepCaption& caption) {
  const MetricInfo& metric = Describe(tables.front().metric);
  Json report = {{"model", caption.model},       {"metric", metric.key},
                 {"unit", metric.unit},          {"higher_is_better", metric.higher_is_better},
                 {"replayed", caption.replayed}, {"mixed", caption.mixed}};
  report["statistics"] = StatisticsJson(ComputeStatistics(tables));
  AddAnswers(report, tables, answers);
  AddBestLists(report, tables);
  for (const char* key : {"cells", "failures", "excluded", "aliases", "untested"}) {
    report[key] = Json::array();
  }
  for (const ResultTable& table : tables) AddCells(report, table);
  // A store edited by hand may hold text that is not UTF-8.
  return report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace ollama_bench
