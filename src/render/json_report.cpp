#include "ollama_bench/render/json_report.h"

#include <fmt/format.h>

#include "answer_json.h"
#include "ollama_bench/analysis/best_cell.h"
#include "ollama_bench/analysis/table_statistics.h"

namespace ollama_bench {
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
