#include "answer_json.h"

#include <cmath>

#include "ollama_bench/render/answer_text.h"

namespace ollama_bench {
namespace {

using Json = ReportJson;

double ToPercent(double log_ratio) {
  return 100 * std::expm1(log_ratio);
}

Json EstimateJson(const CellEstimate& estimate, double level) {
  Json json = CellJson(estimate.cell);
  const Interval interval = estimate.log.RatioInterval(level);
  json["estimate"] = estimate.value();
  json["low"] = interval.low;
  json["high"] = interval.high;
  json["loads"] = estimate.loads;
  json["runs"] = estimate.runs;
  return json;
}

// With the value that stands in the table.
Json BestJson(const CellEstimate& estimate, const ResultTable& table, double level) {
  Json json = EstimateJson(estimate, level);
  for (std::size_t i = 0; i < table.states.size(); ++i) {
    const Cell cell = table.CellAt(i / table.columns(), i % table.columns());
    const auto* measured = std::get_if<Measured>(&table.states[i]);
    if (cell == estimate.cell && measured != nullptr) json["value"] = measured->value;
  }
  return json;
}

const char* KeyOf(BaselineGain::Verdict verdict) {
  switch (verdict) {
    case BaselineGain::Verdict::kSameCell:
      return "same_cell";
    case BaselineGain::Verdict::kWorthHaving:
      return "worth_having";
    case BaselineGain::Verdict::kNone:
      return "none";
    case BaselineGain::Verdict::kUnclear:
      break;
  }
  return "unclear";
}

Json BaselineJson(const SweepAnswer& answer) {
  if (!answer.baseline) return {};
  const double level = answer.options.demand.level;
  Json json = EstimateJson(answer.baseline->baseline, level);
  json["source"] = answer.options.baseline_source;
  json["gain"] = PercentJson(answer.baseline->gain, level);
  json["verdict"] = KeyOf(answer.baseline->verdict);
  return json;
}

Json SafeContextJson(const SweepAnswer& answer) {
  if (!answer.largest_safe_context) return {};
  const SafeContext& safe = *answer.largest_safe_context;
  const double level = answer.options.demand.level;
  Json json = EstimateJson(safe.estimate, level);
  json["change"] = PercentJson(safe.ratio, level);
  json["max_loss_percent"] = 100 * answer.options.max_loss;
  json["gpu_share"] = safe.gpu_share ? Json(*safe.gpu_share) : Json();
  json["undecided_num_ctx"] = safe.undecided ? Json(*safe.undecided) : Json();
  return json;
}

Json DriftJson(const SweepAnswer& answer) {
  if (!answer.drift) return {};
  const Drift& drift = *answer.drift;
  Json json = CellJson(drift.cell);
  json["loads"] = drift.controls;
  json["change"] = PercentJson(drift.change, answer.options.demand.level);
  json["has_moved"] = drift.has_moved;
  json["is_monotone"] = drift.is_monotone;
  json["taken_out"] = answer.detrended;
  return json;
}

Json NoiseJson(const SweepAnswer& answer) {
  const NoisePrior prior;
  return {{"load_percent", 100 * answer.noise.load_deviation()},
          {"run_percent", 100 * answer.noise.run_deviation()},
          {"load_differences", answer.noise.load_differences()},
          {"run_differences", answer.noise.run_differences()},
          {"prior_median_percent", 100 * prior.median},
          {"prior_log_deviation", prior.log_deviation},
          {"threshold_percent", 100 * answer.options.demand.threshold},
          {"level", answer.options.demand.level}};
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

}  // namespace

ReportJson CellJson(const Cell& cell) {
  return {{"num_ctx", cell.num_ctx}, {"num_batch", cell.num_batch}};
}

ReportJson PercentJson(const LogEstimate& change, double level) {
  const Interval interval = change.LogInterval(level);
  return {{"percent", ToPercent(change.value)},
          {"low_percent", ToPercent(interval.low)},
          {"high_percent", ToPercent(interval.high)}};
}

void AddAnswer(ReportJson& report, const ResultTable& table,
               const std::optional<SweepAnswer>& answer) {
  report["answer"] = answer ? Json(AnswerSentence(*answer)) : Json();
  for (const char* key : {"best", "recommended"}) report[key] = Json();
  report["best_set"] = Json::array();
  for (const char* key : {"baseline", "largest_safe_context", "drift"}) report[key] = Json();
  report["outliers"] = Json::array();
  if (!answer) return;
  const double level = answer->options.demand.level;
  report["best"] = BestJson(answer->best.leader, table, level);
  report["recommended"] = BestJson(answer->best.recommended, table, level);
  for (const CellEstimate& estimate : answer->best.cells) {
    report["best_set"].push_back(EstimateJson(estimate, level));
  }
  report["baseline"] = BaselineJson(*answer);
  report["largest_safe_context"] = SafeContextJson(*answer);
  report["drift"] = DriftJson(*answer);
  report["outliers"] = OutliersJson(*answer);
  report["statistics"]["noise"] = NoiseJson(*answer);
}

}  // namespace ollama_bench
