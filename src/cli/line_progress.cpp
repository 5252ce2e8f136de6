#include "line_progress.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/metric.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/render/json_report.h"
#include "terminal.h"

namespace ollama_bench {
namespace {

using nlohmann::ordered_json;

ordered_json OptionalNumber(std::optional<double> value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

ordered_json CellEvent(const char* event, const Cell& cell) {
  ordered_json json = {{"event", event}};
  json.update(CellJson(cell));
  return json;
}

void PrintLine(std::FILE* out, const ordered_json& line) {
  Print(out, "{}\n", line.dump(-1, ' ', false, ordered_json::error_handler_t::replace));
  std::fflush(out);
}

}  // namespace

void JsonProgress::OnCellStart(const Visit& visit, std::size_t remaining) {
  ProgressObserver::OnCellStart(visit, remaining);
  ordered_json line = CellEvent("cell_start", visit.cell);
  line["role"] = KeyOf(visit.role);
  PrintLine(out_, line);
}

void JsonProgress::OnSample(const Cell& cell, const Sample& sample) {
  ProgressObserver::OnSample(cell, sample);
  ordered_json line = CellEvent("sample", cell);
  line["id"] = sample.id;
  line["role"] = KeyOf(sample.role);
  line["excluded"] =
      sample.excluded ? ordered_json(KeyOf(*sample.excluded)) : ordered_json(nullptr);
  line["disturbed"] = sample.disturbed ? ordered_json(sample.disturbed->cause) : ordered_json();
  for (const MetricInfo& metric : AllMetrics()) {
    line[std::string(metric.key)] = OptionalNumber(metric.value(sample));
  }
  PrintLine(out_, line);
}

void JsonProgress::OnCellEnd(const CellResult& result) {
  ProgressObserver::OnCellEnd(result);
  ordered_json line = CellEvent("cell", result.cell);
  line["role"] = KeyOf(state().role);
  line["in_grid"] = result.cell != state().present_setting;
  line["done"] = state().done;
  line["total"] = state().total;
  line["prompt_eval_rate"] = OptionalNumber(MedianPromptEvalRate(result));
  line["samples"] = CountedSamples(result);
  const Failure* failure = LatestFailure(result);
  line["failure"] = failure != nullptr ? ordered_json{{"kind", Describe(failure->kind).key},
                                                      {"message", failure->message},
                                                      {"attempts", failure->attempts}}
                                       : ordered_json(nullptr);
  const auto left = state().TimeLeft();
  line["seconds_left"] = left ? ordered_json(left->count()) : ordered_json(nullptr);
  PrintLine(out_, line);
}

void JsonProgress::OnNotice(NoticeLevel level, const std::string& text) {
  PrintLine(out_, {{"event", "notice"},
                   {"level", level == NoticeLevel::kWarning ? "warning" : "info"},
                   {"text", text}});
}

namespace {

void PrintNotice(std::FILE* out, NoticeLevel level, const std::string& text) {
  Print(out, "{}{}\n", level == NoticeLevel::kWarning ? "warning: " : "", text);
  std::fflush(out);
}

}  // namespace

void PlainProgress::OnCellEnd(const CellResult& result) {
  ProgressObserver::OnCellEnd(result);
  const bool is_cell = state().IsOfTheGrid();
  std::string line = is_cell ? fmt::format("[{}/{}]", state().done, state().total)
                             : fmt::format("[{}]", VisitName(state()));
  line += fmt::format(
      " {}  {}", NameOf(result.cell),
      is_cell ? DescribeResult(result, state().metric) : DescribeVisit(state(), result));
  const auto left = state().TimeLeft();
  if (left && state().left > 0) line += "  ETA " + FormatDuration(*left);
  Print(out_, "{}\n", line);
  std::fflush(out_);
}

void PlainProgress::OnNotice(NoticeLevel level, const std::string& text) {
  PrintNotice(out_, level, text);
}

void QuietProgress::OnNotice(NoticeLevel level, const std::string& text) {
  if (level == NoticeLevel::kWarning) PrintNotice(out_, level, text);
}

}  // namespace ollama_bench
