#include "session_display.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/metric.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/render/json_report.h"
#include "ollama_bench/store/telemetry_files.h"
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

/// One JSON object per line on `out`: {"event":"cell_start"|"sample"|"cell"|"notice", …}.
class JsonProgress : public ProgressObserver {
 public:
  JsonProgress(ProgressState state, Clock& clock, std::FILE* out)
      : ProgressObserver(std::move(state), clock), out_(out) {}

  void OnCellStart(const Visit& visit, std::size_t remaining) override;
  void OnSample(const Cell& cell, const Sample& sample) override;
  void OnCellEnd(const CellResult& result) override;
  void OnNotice(NoticeLevel level, const std::string& text) override;

 private:
  std::FILE* out_;
};

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
  line["telemetry"] =
      sample.telemetry ? ordered_json::parse(FormatTelemetry(*sample.telemetry)) : ordered_json();
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

void PrintNotice(std::FILE* out, NoticeLevel level, const std::string& text) {
  const std::string line = (level == NoticeLevel::kWarning ? "warning: " : "") + text;
  Print(out, "{}\n", Broken(fileno(out), line));
  std::fflush(out);
}

/// One line per finished cell, for a pipe or a file: "[3/624] num_ctx=32768 num_batch=384  83.34
/// tokens/s  ETA 21.7 h". Visits that are not of the grid are named in the place of the count.
class PlainProgress : public ProgressObserver {
 public:
  PlainProgress(ProgressState state, Clock& clock, std::FILE* out)
      : ProgressObserver(std::move(state), clock), out_(out) {}

  void OnCellEnd(const CellResult& result) override;
  void OnNotice(NoticeLevel level, const std::string& text) override;

 private:
  std::FILE* out_;
};

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

/// Only warnings and failures.
class QuietProgress : public ProgressObserver {
 public:
  QuietProgress(ProgressState state, Clock& clock, std::FILE* out)
      : ProgressObserver(std::move(state), clock), out_(out) {}

  void OnNotice(NoticeLevel level, const std::string& text) override;

 private:
  std::FILE* out_;
};

void QuietProgress::OnNotice(NoticeLevel level, const std::string& text) {
  if (level == NoticeLevel::kWarning) PrintNotice(out_, level, text);
}

}  // namespace

SessionDisplay::SessionDisplay(const CommandFlags& flags)
    : quiet_(flags.quiet),
      json_(flags.json),
      redraws_(flags.redraws && CanRedraw(STDERR_FILENO)),
      closing_({flags.quiet, flags.json, flags.on_done}) {
  if (json_) {
    notices_ = std::make_unique<JsonProgress>(ProgressState(), clock_, stdout);
  } else {
    notices_ = std::make_unique<QuietProgress>(ProgressState(), clock_, stderr);
  }
}

// Only the live block needs to be called while something runs.
bool SessionDisplay::ShowsLiveBlock() const {
  return !quiet_ && !json_ && redraws_;
}

std::function<void()> SessionDisplay::OnIdle() {
  if (!ShowsLiveBlock()) return nullptr;
  return [this] {
    if (live_ != nullptr) live_->Redraw();
  };
}

std::unique_ptr<ProgressObserver> SessionDisplay::MakeProgress(ProgressState state) {
  if (json_) return std::make_unique<JsonProgress>(std::move(state), clock_, stdout);
  if (quiet_) return std::make_unique<QuietProgress>(std::move(state), clock_, stderr);
  if (!ShowsLiveBlock()) return std::make_unique<PlainProgress>(std::move(state), clock_, stderr);
  auto live =
      std::make_unique<LiveProgress>(std::move(state), clock_, stderr, UseColor(STDERR_FILENO));
  live_ = live.get();
  return live;
}

}  // namespace ollama_bench
