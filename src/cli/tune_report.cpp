#include "tune_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "ollama_bench/render/json_report.h"
#include "ollama_bench/render/text_report.h"
#include "terminal.h"

namespace ollama_bench {
namespace {

using nlohmann::ordered_json;

template <class Value>
ordered_json OrNull(const std::optional<Value>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

// A search has one stratum.
const std::optional<SweepAnswer>& Answer(const TuneOutcome& outcome) {
  return outcome.report.answers.front().answer;
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

}  // namespace

std::string DescribeProbability(double probability) {
  const double percent = std::floor(1000.0 * std::min(probability, 0.999)) / 10.0;
  return percent >= 98.0 ? fmt::format("{:.1f} %", percent) : fmt::format("{:.0f} %", percent);
}

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

void PrintTuneReportJson(std::FILE* out, const TuneOutcome& outcome) {
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
  Print(out, "{}\n", line.dump());
}

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

}  // namespace ollama_bench
