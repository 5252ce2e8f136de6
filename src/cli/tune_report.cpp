#include "tune_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "ollama_bench/render/disturbances_text.h"
#include "ollama_bench/render/json_report.h"
#include "ollama_bench/render/text_report.h"
#include "terminal.h"

namespace ollama_bench {
namespace {

using nlohmann::ordered_json;

ordered_json CellJson(const Cell& cell) {
  return {{"num_ctx", cell.num_ctx}, {"num_batch", cell.num_batch}};
}

template <class Value>
ordered_json OrNull(const std::optional<Value>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

std::string CertaintySentence(const TuneOutcome& outcome) {
  const std::optional<SearchAnswer>& search = outcome.report.search;
  const std::string basis = fmt::format("after {} measurements on a grid of {} cells",
                                        outcome.measurements, outcome.cells);
  if (!search || outcome.report.answer->is_whole) {
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

}  // namespace

std::string DescribeProbability(double probability) {
  const double percent = std::floor(1000.0 * std::min(probability, 0.999)) / 10.0;
  return percent >= 98.0 ? fmt::format("{:.1f} %", percent) : fmt::format("{:.0f} %", percent);
}

void PrintMeasurementJson(std::FILE* out, const Measurement& measurement,
                          const std::optional<SearchAnswer>& answer) {
  ordered_json line{{"event", "measurement"},
                    {"num_ctx", measurement.cell.num_ctx},
                    {"num_batch", measurement.cell.num_batch},
                    {"rate", OrNull(measurement.rate)},
                    {"failure", nullptr},
                    {"answer", nullptr}};
  if (measurement.failure) line["failure"] = Describe(*measurement.failure).key;
  if (answer) {
    line["answer"] = CellJson(answer->cell);
    line["answer"]["probability"] = answer->probability;
  }
  Print(out, "{}\n", line.dump());
  std::fflush(out);
}

void PrintTuneReportJson(std::FILE* out, const TuneOutcome& outcome) {
  ordered_json line{{"event", "answer"}};
  const StoredReport& report = outcome.report;
  ordered_json answer = ordered_json::parse(RenderAnswerJson(report.table, report.answer));
  const auto value_of = [&answer](const char* object, const char* key) {
    return answer[object].is_object() ? answer[object].value(key, ordered_json()) : ordered_json();
  };
  line["num_ctx"] = value_of("recommended", "num_ctx");
  line["num_batch"] = value_of("recommended", "num_batch");
  line["rate"] = value_of("recommended", "estimate");
  line["certified"] = report.search && report.search->certified;
  line["probability"] = report.search ? report.search->probability : 0.0;
  line["measurements"] = outcome.measurements;
  line["equals"] = ordered_json::array();
  for (const ordered_json& contender : answer["contenders"]) {
    line["equals"].push_back(
        {{"num_ctx", contender["num_ctx"]}, {"num_batch", contender["num_batch"]}});
  }
  line.update(answer);
  line["disturbed"] = DisturbancesJson(report.disturbances);
  Print(out, "{}\n", line.dump());
}

std::string TuneReportText(const TuneOutcome& outcome, const std::filesystem::path& results,
                           const TerminalStyle& style) {
  if (!outcome.report.answer) {
    return fmt::format("No cell has a rate after {} measurements.\n", outcome.measurements);
  }
  std::string text = RenderAnswerText(*outcome.report.answer, style);
  text += Wrapped(CertaintySentence(outcome), style.width);
  const std::string disturbed = DisturbancesText(outcome.report.disturbances);
  if (!disturbed.empty()) text += Wrapped(disturbed + ".", style.width);
  text += ParameterLines(*outcome.report.answer);
  text += fmt::format("\nNext: ollama-bench heatmap --estimate {}\n", results.string());
  return text;
}

}  // namespace ollama_bench
