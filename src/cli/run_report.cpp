#include "ollama_bench/cli/run_report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "ollama_bench/analysis/result_table.h"
#include "ollama_bench/analysis/table_statistics.h"
#include "ollama_bench/cli/stored_sweep.h"
#include "ollama_bench/cli/terminal.h"
#include "ollama_bench/cli/version.h"
#include "ollama_bench/render/json_report.h"
#include "ollama_bench/render/text_report.h"

namespace ollama_bench {
namespace {

std::string DescribeRepetitions(const SweepConfig& config) {
  return config.repetitions ? fmt::format("{}", *config.repetitions)
                            : std::string("1, or 3 where a run is shorter than 10 s");
}

std::string DescribePending(const RunHeader& header) {
  const Pending& pending = header.pending;
  const std::size_t total = header.config.grid.CellCount();
  std::string text = fmt::format("{}, ", total);
  if (pending.done > 0) text += fmt::format("{} of them done, ", pending.done);
  if (pending.failed > 0) text += fmt::format("{} failed, ", pending.failed);
  return text + fmt::format("{} to measure", pending.cells.size());
}

}  // namespace

void PrintRunHeader(std::FILE* out, const RunHeader& header) {
  const SweepConfig& config = header.config;
  const Identity& identity = header.metadata.identity;
  fmt::print(out, "ollama-bench {}: {} on Ollama {} at {}\n", kVersion, identity.model,
             identity.ollama_version, header.server);
  const auto line = [out](std::string_view label, const std::string& text) {
    fmt::print(out, "  {:<12} {}\n", label, text);
  };
  line("num_ctx", DescribeAxis(config.grid.num_ctx));
  line("num_batch", DescribeAxis(config.grid.num_batch));
  line("cells", DescribePending(header));
  line("order", config.row_first ? "all num_ctx of one num_batch first"
                                 : "all num_batch of one num_ctx first");
  line("prompt", header.prompt);
  line("repetitions", DescribeRepetitions(config));
  line("num_predict", std::to_string(config.num_predict));
  line("time", header.time_needed);
  line("results", header.results.string());
}

void PrintRunReport(std::FILE* out, const std::filesystem::path& results,
                    const ResultsStore& store) {
  // The grid of this store is bounded by what a configuration may ask for; where old entries span
  // more, there is nothing that a report could show.
  const auto report = ReportOf(store, Metric::kPromptEvalRate);
  if (!report) return;
  const TerminalStyle style = StyleOf(fileno(out));
  fmt::print(out, "{}\nNext: ollama-bench heatmap {}\n",
             RenderTextSummary(report->table, report->answer, style), results.string());
  if (ComputeStatistics(report->table).failed > 0) {
    fmt::print(out, "      the same run with --retry-failed measures failed cells again\n");
  }
}

void PrintRunReportJson(std::FILE* out, const ResultsStore& store) {
  const auto report = ReportOf(store, Metric::kPromptEvalRate);
  if (!report) return;
  const auto json = nlohmann::ordered_json::parse(
      RenderJsonReport(report->table, report->answer, report->caption));
  fmt::print(out, "{}\n", nlohmann::ordered_json{{"event", "end"}, {"report", json}}.dump());
}

}  // namespace ollama_bench
