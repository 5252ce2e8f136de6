#include "prometheus_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cell_table.h"
#include "columns.h"
#include "ollama_bench/analysis/cell_estimate.h"
#include "ollama_bench/analysis/prompt_summary.h"
#include "ollama_bench/core/clock.h"
#include "ollama_bench/core/telemetry.h"

namespace ollama_bench {
namespace {

using SeriesLabels = std::vector<std::pair<std::string, std::string>>;

std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : StorableText(text)) {
    if (c == '\\' || c == '"') escaped += '\\';
    if (c == '\n') {
      escaped += "\\n";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string LabelText(const SeriesLabels& labels) {
  std::vector<std::string> pairs;
  for (const auto& [key, value] : labels) {
    pairs.push_back(fmt::format("{}=\"{}\"", key, Escaped(value)));
  }
  return fmt::format("{{{}}}", fmt::join(pairs, ","));
}

/// The series of one metric.
struct Family {
  std::string help;
  std::string_view type;
  std::map<std::string, double> series;  ///< by their labels
};

/// Families by their names: a format that wants all series of one together.
class Families {
 public:
  void Add(const std::string& name, std::string_view type, std::string_view help,
           const SeriesLabels& labels, std::optional<double> value) {
    if (!value || !std::isfinite(*value)) return;
    Family& family = families_[name];
    family.help = help;
    family.type = type;
    family.series[LabelText(labels)] = *value;
  }
  void Write(const TextSink& sink) const {
    for (const auto& [name, family] : families_) {
      std::string text =
          fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", name, family.help, family.type);
      for (const auto& [labels, value] : family.series) {
        text += fmt::format("{}{} {}\n", name, labels, value);
      }
      sink(text);
    }
  }

 private:
  std::map<std::string, Family> families_;
};

SeriesLabels With(SeriesLabels labels, std::string key, std::string value) {
  labels.emplace_back(std::move(key), std::move(value));
  return labels;
}

// "prompt_eval_rate" in tokens/s is prompt_eval_tokens_per_second: units are written out.
std::string NameOf(const MetricInfo& info) {
  std::string name(info.key);
  const auto replace_end = [&name](std::string_view end, std::string_view by) {
    if (name.ends_with(end)) name = name.substr(0, name.size() - end.size()) + std::string(by);
  };
  if (info.unit == "s") return fmt::format("ollama_bench_{}_seconds", name);
  if (info.unit == "GB") return fmt::format("ollama_bench_{}_bytes", name);
  replace_end("_rate", "_tokens_per_second");
  replace_end("_per_s", "_per_second");
  return "ollama_bench_" + name;
}

// In the base unit that NameOf says.
std::optional<double> InBaseUnit(const MetricInfo& info, std::optional<double> value) {
  if (value && info.unit == "GB") return *value * 1e9;
  return value;
}

const CellEstimate* BestOf(const std::vector<CellEstimate>& estimates, const MetricInfo& metric) {
  const auto best = std::max_element(
      estimates.begin(), estimates.end(), [&metric](const CellEstimate& a, const CellEstimate& b) {
        return metric.higher_is_better ? a.log.value < b.log.value : a.log.value > b.log.value;
      });
  return best == estimates.end() ? nullptr : &*best;
}

// What the best cell of the headline metric, and the current setting, reach.
void AddFigures(Families& families, const ResultsStore& store, const SeriesLabels& labels) {
  const MetricInfo& headline = Describe(HeadlineOf(store));
  const std::vector<CellEstimate> estimates = EstimatesOf(store, headline.metric);
  std::vector<std::pair<std::string, Cell>> settings;
  if (const CellEstimate* best = BestOf(estimates, headline)) {
    settings.emplace_back("best", best->cell);
  }
  const auto& baseline = store.metadata().baseline;
  if (baseline) settings.emplace_back("current", baseline->cell);
  for (const auto& [setting, cell] : settings) {
    const CellResult* result = store.Find(cell);
    if (result == nullptr) continue;
    for (const MetricInfo& info : AllMetrics()) {
      families.Add(
          NameOf(info), "gauge",
          fmt::format("Median {} of the best cell, and of the current setting.", info.label),
          With(labels, "setting", setting), InBaseUnit(info, CellValue(*result, info.metric)));
    }
  }
}

void AddCells(Families& families, const ResultsStore& store, const SeriesLabels& labels) {
  std::map<std::string, double> cells;
  for (const char* state : {"measured", "failed", "excluded", "alias", "untested"}) {
    cells[state] = 0;
  }
  std::map<std::string, double> failures;
  for (const CellResult& result : store.results()) {
    switch (StatusOf(result)) {
      case CellStatus::kUntested:
        ++cells["untested"];
        break;
      case CellStatus::kMeasured:
        ++cells["measured"];
        break;
      case CellStatus::kFailed:
        ++cells["failed"];
        break;
      case CellStatus::kExcluded:
        ++cells["excluded"];
        break;
      case CellStatus::kAlias:
        ++cells["alias"];
        break;
    }
    for (const VisitRecord& visit : result.visits) {
      if (visit.failure) ++failures[std::string(Describe(visit.failure->kind).key)];
    }
  }
  for (const auto& [state, count] : cells) {
    families.Add("ollama_bench_cells", "gauge", "Cells of the results by their state.",
                 With(labels, "state", state), count);
  }
  for (const auto& [kind, count] : failures) {
    families.Add("ollama_bench_failed_visits_total", "counter",
                 "Loads of the model that ended in a failure, by its kind.",
                 With(labels, "kind", kind), count);
  }
}

void AddSamples(Families& families, const ResultsStore& store, const SeriesLabels& labels) {
  double counted = 0;
  double left_out = 0;
  std::optional<double> energy;
  std::optional<double> latest;
  for (const CellResult& result : store.results()) {
    const auto counting = static_cast<double>(CountedOf(result).size());
    counted += counting;
    left_out += static_cast<double>(result.samples.size()) - counting;
    for (const Sample& sample : result.samples) {
      const auto joules = sample.telemetry ? EnergyJoules(*sample.telemetry) : std::nullopt;
      if (joules) energy = energy.value_or(0) + *joules;
      const auto time = SecondsSince1970(sample.started);
      if (time) latest = std::max(latest.value_or(*time), *time);
    }
  }
  const auto add = [&](const char* state, double count) {
    families.Add("ollama_bench_samples_total", "counter",
                 "Samples, by whether they enter the figures.", With(labels, "state", state),
                 count);
  };
  add("counted", counted);
  add("left_out", left_out);
  families.Add("ollama_bench_energy_joules_total", "counter",
               "Energy that the CPUs and GPUs took during the samples.", labels, energy);
  families.Add("ollama_bench_last_sample_timestamp_seconds", "gauge",
               "When the latest sample began.", labels, latest);
}

void AddSweep(Families& families, const ResultsStore& store) {
  const Metadata& metadata = store.metadata();
  const SeriesLabels labels = {{"results", store.path().string()},
                               {"model", metadata.identity.model},
                               {"workload", std::string(Describe(WorkloadOf(metadata)).key)},
                               {"host", metadata.environment.host}};
  families.Add("ollama_bench_info", "gauge", "Versions with which the results were made.",
               With(With(labels, "ollama_version", metadata.identity.ollama_version),
                    "tool_version", metadata.tool_version),
               1);
  AddCells(families, store, labels);
  AddSamples(families, store, labels);
  AddFigures(families, store, labels);
}

// "ttft_ms" in seconds, "tokens_per_second" as it is.
void AddFigure(Families& families, const Distribution& figure, const SeriesLabels& labels) {
  std::string name(figure.key);
  const bool is_time = figure.unit == "ms";
  if (is_time && name.ends_with("_ms")) name = name.substr(0, name.size() - 3) + "_seconds";
  for (const Distribution::Share& share : figure.quantiles) {
    if (!share.quantile) continue;
    families.Add("ollama_bench_prompt_" + name, "gauge",
                 fmt::format("Quantiles of {} over the prompts.", figure.label),
                 With(labels, "quantile", fmt::format("{}", share.percent / 100.0)),
                 is_time ? share.quantile->value / 1000 : share.quantile->value);
  }
}

void AddPass(Families& families, const ExportedPass& pass) {
  const PromptSummary summary = SummaryOf(pass);
  const SeriesLabels labels = {
      {"results", pass.path},
      {"model", pass.records.empty() ? std::string() : pass.records.front().config.model}};
  const auto add = [&](const std::string& outcome, double count) {
    families.Add("ollama_bench_prompts_total", "counter", "Prompts that were asked, by outcome.",
                 With(labels, "outcome", outcome), count);
  };
  add("answered", static_cast<double>(summary.answered));
  for (const auto& [outcome, count] : summary.failures) {
    add(outcome, static_cast<double>(count));
  }
  for (const Distribution& figure : summary.figures) AddFigure(families, figure, labels);
}

}  // namespace

void WritePrometheus(const ExportInput& input, const TextSink& sink) {
  Families families;
  for (const ResultsStore& store : input.sweeps) AddSweep(families, store);
  for (const ExportedPass& pass : input.passes) AddPass(families, pass);
  families.Write(sink);
}

}  // namespace ollama_bench
