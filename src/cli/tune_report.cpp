#include "ollama_bench/cli/tune_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "ollama_bench/cli/print.h"
#include "ollama_bench/render/disturbances_text.h"

namespace ollama_bench {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kMostEqualsShown = 8;

ordered_json CellJson(const Cell& cell) {
  return {{"num_ctx", cell.num_ctx}, {"num_batch", cell.num_batch}};
}

template <class Value>
ordered_json OrNull(const std::optional<Value>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

std::string CertaintySentence(const TuneOutcome& outcome) {
  const SearchAnswer& answer = *outcome.answer;
  const std::string basis = fmt::format("after {} measurements on a grid of {} cells",
                                        outcome.measurements, outcome.cells);
  if (answer.certified) {
    return fmt::format(
        "Certified {}: {} sure that no cell is more than 1 % faster. This holds "
        "under the model fitted to the measurements; `run` measures every cell.\n",
        basis, DescribeProbability(answer.probability));
  }
  return fmt::format(
      "Not certified {}: {} sure that no cell is more than 1 % faster, where a certificate takes "
      "{:.3g} % three times in a row, and no region unvisited. The same command goes on from "
      "here.\n",
      basis, DescribeProbability(answer.probability), 100 * kCertificateProbability);
}

std::string EqualsSentence(const SearchAnswer& answer) {
  if (answer.equals.empty()) return {};
  std::vector<Cell> equals = answer.equals;
  std::sort(equals.rbegin(), equals.rend());
  std::string text = fmt::format("Of those measured, {} not shown to be slower by 1 %:",
                                 equals.size() == 1 ? "one more cell is" : "these are");
  for (std::size_t i = 0; i < std::min(equals.size(), kMostEqualsShown); ++i) {
    text += fmt::format("{} {}/{}", i == 0 ? "" : ",", equals[i].num_ctx, equals[i].num_batch);
  }
  if (equals.size() > kMostEqualsShown) {
    text += fmt::format(" and {} more", equals.size() - kMostEqualsShown);
  }
  return text + " (num_ctx/num_batch).\n";
}

std::string GainSentence(const TuneOutcome& outcome) {
  if (!outcome.present || !outcome.gain) return {};
  if (*outcome.present == outcome.answer->cell) return "That is the present setting.\n";
  return fmt::format("Against the present setting ({}): {:+.1f} %.\n", NameOf(*outcome.present),
                     100.0 * *outcome.gain);
}

std::string SafeContextSentence(const TuneOutcome& outcome) {
  const auto& safe = outcome.answer->safe_context;
  if (!safe) return {};
  return fmt::format(
      "Largest context that loses at most {:.3g} % (95 % sure): {}, about {:.1f} % "
      "slower{}.\n",
      100.0 * outcome.max_loss, NameOf(safe->cell), 100.0 * safe->loss,
      safe->measured ? "" : ", by estimate alone");
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
  ordered_json equals = ordered_json::array();
  if (outcome.answer) {
    const SearchAnswer& answer = *outcome.answer;
    line.update(CellJson(answer.cell));
    line["rate"] = answer.rate;
    line["certified"] = answer.certified;
    line["probability"] = answer.probability;
    for (const Cell& cell : answer.equals) equals.push_back(CellJson(cell));
    line["safe_context"] = nullptr;
    if (answer.safe_context) {
      line["safe_context"] = CellJson(answer.safe_context->cell);
      line["safe_context"]["loss"] = answer.safe_context->loss;
      line["safe_context"]["measured"] = answer.safe_context->measured;
    }
  } else {
    line.update({{"num_ctx", nullptr}, {"num_batch", nullptr}, {"rate", nullptr}});
    line.update({{"certified", false}, {"probability", 0.0}});
  }
  line["measurements"] = outcome.measurements;
  line["equals"] = equals;
  line["gain"] = OrNull(outcome.gain);
  line["disturbed"] = DisturbancesJson(outcome.disturbances);
  Print(out, "{}\n", line.dump());
}

std::string TuneReportText(const TuneOutcome& outcome, const std::filesystem::path& results) {
  if (!outcome.answer) {
    return fmt::format("No cell has a rate after {} measurements.\n", outcome.measurements);
  }
  const SearchAnswer& answer = *outcome.answer;
  std::string text =
      fmt::format("Best found: {}, about {:.2f} tokens/s.\n", NameOf(answer.cell), answer.rate);
  text += CertaintySentence(outcome);
  text += EqualsSentence(answer);
  text += GainSentence(outcome);
  text += SafeContextSentence(outcome);
  const std::string disturbed = DisturbancesText(outcome.disturbances);
  if (!disturbed.empty()) text += disturbed + ".\n";
  text += fmt::format("\nPARAMETER num_ctx {}\nPARAMETER num_batch {}\n", answer.cell.num_ctx,
                      answer.cell.num_batch);
  text += fmt::format("\nNext: ollama-bench heatmap --estimate {}\n", results.string());
  return text;
}

}  // namespace ollama_bench
