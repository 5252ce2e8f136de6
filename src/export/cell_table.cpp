#include "cell_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <span>
#include <utility>

#include "columns.h"
#include "ollama_bench/analysis/load_units.h"
#include "ollama_bench/analysis/noise_model.h"
#include "ollama_bench/analysis/prompt_summary.h"
#include "ollama_bench/core/axis.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/export/export_format.h"

namespace ollama_bench {
namespace {

// A text within a line of Markdown: neither ends it nor a cell of a table.
std::string Inline(std::string_view text) {
  std::string safe;
  for (const char c : Printable(text, /*keep_newlines=*/false)) {
    if (std::string_view("\\|`*_<>[]").find(c) != std::string_view::npos) safe += '\\';
    safe += c;
  }
  return safe;
}

void WriteRow(std::string& text, const std::vector<std::string>& fields) {
  text += fmt::format("| {} |\n", fmt::join(fields, " | "));
}

void WriteHeader(std::string& text, const std::vector<std::string>& names, std::size_t numbers) {
  WriteRow(text, names);
  std::vector<std::string> rule(names.size(), "---");
  std::fill_n(rule.begin(), numbers, "---:");
  WriteRow(text, rule);
}

// Why a cell has no value, or what else is to be known of it.
std::string NoteOf(const CellResult& result, bool is_estimated) {
  switch (StatusOf(result)) {
    case CellStatus::kUntested:
      return "not measured";
    case CellStatus::kFailed:
      return fmt::format("failed: {}", Describe(FailureOf(result)->kind).key);
    case CellStatus::kExcluded:
      return "no sample counts";
    case CellStatus::kAlias:
      return "as " + DescribeCell(*result.alias_of);
    case CellStatus::kMeasured:
      break;
  }
  if (!is_estimated) return IsUnverified(result) ? "unverified" : "no value";
  const VisitCount visits = CountVisits(result);
  return visits.failed == 0 ? std::string()
                            : fmt::format("{} of {} visits failed", visits.failed, visits.all);
}

// In the order of the cells; one for each.
std::vector<const CellResult*> Sorted(const ResultsStore& store) {
  std::vector<const CellResult*> results;
  for (const CellResult& result : store.results()) results.push_back(&result);
  std::sort(results.begin(), results.end(),
            [](const CellResult* a, const CellResult* b) { return a->cell < b->cell; });
  return results;
}

std::vector<Parameter> ParametersOf(const ResultsStore& store) {
  std::vector<Cell> cells;
  for (const CellResult& result : store.results()) cells.push_back(result.cell);
  std::vector<Parameter> parameters;
  for (const Axis& axis : AxesOf(cells).axes) {
    if (!axis.IsAuto()) parameters.push_back(axis.parameter);
  }
  return parameters;
}

std::string Title(const ResultsStore& store) {
  const Metadata& metadata = store.metadata();
  const auto or_unknown = [](const std::string& text) {
    return text.empty() ? std::string("unknown") : Inline(text);
  };
  return fmt::format("## {}\n\n{} on Ollama {}, {}; workload {}{}\n\n",
                     Inline(store.path().filename().string()), or_unknown(metadata.identity.model),
                     or_unknown(metadata.identity.ollama_version),
                     or_unknown(metadata.environment.host), Describe(WorkloadOf(metadata)).key,
                     metadata.mixed ? "; MIXED: not all samples are comparable" : "");
}

std::vector<std::string> FieldsOf(const CellResult& result, const CellEstimate* estimate,
                                  const std::vector<Parameter>& parameters,
                                  const MetricInfo& metric) {
  std::vector<std::string> fields;
  for (const Parameter parameter : parameters) {
    fields.push_back(Inline(FormatValue(parameter, result.cell[parameter])));
  }
  if (estimate == nullptr) {
    fields.insert(fields.end(), {"", "", "", ""});
  } else {
    const Interval interval = estimate->log.RatioInterval(0.95);
    fields.push_back(fmt::format("{:.{}f}", estimate->value(), metric.decimals));
    fields.push_back(fmt::format("{:.{}f} to {:.{}f}", interval.low, metric.decimals, interval.high,
                                 metric.decimals));
    fields.push_back(std::to_string(estimate->loads));
    fields.push_back(std::to_string(estimate->runs));
  }
  fields.push_back(Inline(NoteOf(result, estimate != nullptr)));
  return fields;
}

void WriteSweep(const ResultsStore& store, const TextSink& sink) {
  const MetricInfo& metric = Describe(HeadlineOf(store));
  const std::vector<Parameter> parameters = ParametersOf(store);
  const std::vector<CellEstimate> estimates = EstimatesOf(store, metric.metric);
  std::string text = Title(store);
  std::vector<std::string> names;
  for (const Parameter parameter : parameters) names.emplace_back(KeyOf(parameter));
  names.push_back(fmt::format("{} ({})", metric.label, metric.unit));
  names.insert(names.end(), {"95 % CI", "loads", "runs", "note"});
  WriteHeader(text, names, names.size() - 1);
  for (const CellResult* result : Sorted(store)) {
    const auto estimate =
        std::find_if(estimates.begin(), estimates.end(),
                     [result](const CellEstimate& one) { return one.cell == result->cell; });
    WriteRow(text, FieldsOf(*result, estimate == estimates.end() ? nullptr : &*estimate, parameters,
                            metric));
  }
  sink(text + "\n");
}

void WritePass(const ExportedPass& pass, const TextSink& sink) {
  const PromptSummary summary = SummaryOf(pass);
  std::string text = fmt::format("## {}\n\n{} of {} prompts answered\n\n",
                                 Inline(std::filesystem::path(pass.path).filename().string()),
                                 summary.answered, pass.records.size());
  WriteHeader(text, {"figure", "prompts", "mean", "median", "p95"}, 0);
  for (const Distribution& figure : summary.figures) {
    if (figure.values.empty()) continue;
    std::vector<std::string> fields = {fmt::format("{} ({})", figure.label, figure.unit),
                                       std::to_string(figure.values.size()),
                                       fmt::format("{:.2f}", figure.mean)};
    for (const int percent : {50, 95}) {
      const auto share = std::find_if(
          figure.quantiles.begin(), figure.quantiles.end(),
          [percent](const Distribution::Share& one) { return one.percent == percent; });
      const bool is_known = share != figure.quantiles.end() && share->quantile;
      fields.push_back(is_known ? fmt::format("{:.2f}", share->quantile->value) : std::string());
    }
    WriteRow(text, fields);
  }
  sink(text + "\n");
}

}  // namespace

Metric HeadlineOf(const ResultsStore& store) {
  return Describe(WorkloadOf(store.metadata())).headline;
}

PromptSummary SummaryOf(const ExportedPass& pass) {
  PromptSummarizer summarizer(pass.records.size());
  for (const PromptRecord& record : pass.records) summarizer.Add(record);
  return summarizer.Finish();
}

std::vector<CellEstimate> EstimatesOf(const ResultsStore& store, Metric metric) {
  const std::vector<LoadUnit> units = UnbiasedUnits(store.results(), metric);
  return EstimateCells(units, NoiseModel::Fit(units));
}

void WriteMarkdown(const ExportInput& input, const TextSink& sink) {
  sink(fmt::format("{}\n\n", Describe(ExportFormat::kMarkdown).start));
  for (const ResultsStore& store : input.sweeps) WriteSweep(store, sink);
  for (const ExportedPass& pass : input.passes) WritePass(pass, sink);
}

}  // namespace ollama_bench
