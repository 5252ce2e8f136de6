#include "answer_json.h"

#include <cmath>

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
                          "gain", "best", "baseline", "largest_safe_context", "trust", "drift",
                          "detectable_percent", "more_loads", "more_s"}) {
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
  report["trust"] = KeyOf(answer->trust);
  report["detectable_percent"] = 100 * answer->detectable;
  report["more_loads"] = answer->more_loads;
  report["more_s"] = OrNull(answer->more_s);
  report["contenders"] = PlacesJson(*answer, answer->contenders);
  report["best_set"] = report["contenders"];
  if (answer->are_tied) report["tied"] = report["contenders"];
  report["drift"] = {{"percent", 100 * answer->drift}};
  report["columns"] = MeansJson(*answer, Parameter::kNumCtx);
  report["rows"] = MeansJson(*answer, Parameter::kNumBatch);
  report["margins"] = Json::object();
  for (const Margin& margin : answer->margins) {
    report["margins"][std::string(KeyOf(margin.parameter))] = MeansJson(*answer, margin.parameter);
  }
  report["outliers"] = OutliersJson(*answer);
  report["statistics"]["noise"] = NoiseJson(*answer);
}

}  // namespace ollama_bench
