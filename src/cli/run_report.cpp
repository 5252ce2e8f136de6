#include "run_report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "ollama_bench/analysis/result_table.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/core/version.h"
#include "ollama_bench/plan/remaining_time.h"
#include "ollama_bench/render/json_report.h"
#include "ollama_bench/render/text_report.h"
#include "terminal.h"

namespace ollama_bench {
namespace {

std::string DescribeRepetitions(const SweepConfig& config) {
  return config.repetitions ? fmt::format("{}", *config.repetitions)
                            : std::string("1, or 3 where a run is shorter than 10 s");
}

std::string DescribePending(const RunHeader& header) {
  const Pending& pending = header.pending;
  const std::size_t total = header.config.space.CellCount();
  std::string text = fmt::format("{}, ", total);
  if (pending.done > 0) text += fmt::format("{} of them done, ", pending.done);
  if (pending.failed > 0) text += fmt::format("{} failed, ", pending.failed);
  return text + fmt::format("{} to measure", pending.cells.size());
}

}  // namespace

std::string DescribeTimeNeeded(std::size_t visits, std::span<const CellResult> measured) {
  if (visits == 0) return "none, all is done";
  const auto times = KnownCellTimes(measured);
  const auto one = RemainingTime(times, 1);
  const auto all = RemainingTime(times, visits);
  if (!one || !all) return "known after the first cell";
  return fmt::format("about {} ({} a cell so far)", FormatDuration(*all), FormatDuration(*one));
}

std::string HeaderTitle(const Identity& identity, const std::string& place) {
  std::string text = fmt::format("ollama-bench {}", kVersion);
  if (!identity.model.empty()) text += ": " + identity.model;
  if (!identity.ollama_version.empty()) text += " on Ollama " + identity.ollama_version;
  if (!place.empty()) text += " at " + place;
  return text + "\n";
}

std::string RunHeaderText(const RunHeader& header) {
  const SweepConfig& config = header.config;
  std::string text = HeaderTitle(header.metadata.identity, header.server);
  const auto line = [&text](std::string_view label, const std::string& value) {
    text += fmt::format("  {:<12} {}\n", label, value);
  };
  if (config.workload != WorkloadKind::kPrefill) {
    line("workload", std::string(Describe(config.workload).key));
  }
  for (const Axis& axis : config.space.axes) {
    line(KeyOf(axis.parameter), DescribeAxis(axis));
  }
  line("cells", DescribePending(header));
  if (!header.present_setting.empty()) {
    line("current", header.present_setting + ", measured first to compare with");
  }
  if (SweepsThePairAlone(config)) {
    line("order", config.row_first ? "all num_ctx of one num_batch first"
                                   : "all num_batch of one num_ctx first");
  }
  line("prompt", header.prompt);
  line("repetitions", DescribeRepetitions(config));
  if (config.space.Find(Parameter::kNumPredict) == nullptr) {
    line(KeyOf(Parameter::kNumPredict), std::to_string(config.num_predict));
  }
  line("time", header.time_needed);
  line("results", header.results.string());
  return text;
}

std::string RunReportText(const std::filesystem::path& results, const StoredReport& report,
                          const TerminalStyle& style) {
  std::string text = RenderTextSummary(report.tables, report.answers, style);
  const std::string disturbed = DisturbancesText(report.disturbances);
  if (!disturbed.empty()) text += disturbed + "\n";
  text += fmt::format("\nNext: ollama-bench heatmap {}\n", results.string());
  if (ComputeStatistics(report.tables).failed > 0) {
    text += "      the same run with --retry-failed measures failed cells again\n";
  }
  return text;
}

std::string RunReportJson(const StoredReport& report) {
  auto json = nlohmann::ordered_json::parse(
      RenderJsonReport(report.tables, report.answers, report.caption));
  json["disturbed"] = DisturbancesJson(report.disturbances);
  return nlohmann::ordered_json{{"event", "end"}, {"report", json}}.dump();
}

}  // namespace ollama_bench
