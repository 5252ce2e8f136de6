#include "ollama_bench/session/report_source.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "ollama_bench/core/clock.h"
#include "ollama_bench/session/opened_store.h"
#include "ollama_bench/session/output_file.h"
#include "ollama_bench/session/stored_sweep.h"
#include "ollama_bench/store/prompt_lines.h"
#include "ollama_bench/store/request_log.h"
#include "ollama_bench/store/window_files.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

using Error = Unexpected<SessionError>;

Expected<ReportSource, SessionError> LoadPrompts(FileSystem& file_system, const fs::path& path) {
  const auto count =
      ReadRequestLog(file_system, path, [](std::string_view /*line*/) { return std::string(); });
  if (!count) return Error(ToSessionError(count.error()));
  ReportedPrompts prompts;
  prompts.name = path.string();
  PromptSummarizer summarizer(count->records);
  int slots = 1;
  const auto read = ReadPromptRecords(file_system, path, [&](const PromptRecord& record) {
    if (prompts.started.empty()) {
      prompts.config = record.config;
      prompts.started = TimestampOfUnixTime(record.started_unix_s);
    }
    slots = std::max(slots, record.slot + 1);
    summarizer.Add(record);
  });
  if (!read) return Error(ToSessionError(read.error()));
  prompts.caption.model = prompts.config.model;
  prompts.caption.concurrency = slots;
  prompts.summary = summarizer.Finish();
  return ReportSource(std::move(prompts));
}

Expected<ReportSource, SessionError> LoadSweep(FileSystem& file_system, const fs::path& path) {
  const auto store = ResultsStore::Load(file_system, path);
  if (!store) return Error(ToSessionError(NotResults(path, store.error())));
  auto requests = ReadWindowFiles(file_system, path, store->results());
  if (!requests) return Error(ToSessionError(requests.error()));
  ReportedSweep sweep;
  sweep.name = path.string();
  sweep.metadata = store->metadata();
  sweep.metric = Describe(WorkloadOf(sweep.metadata)).headline;
  auto report = ReportOf(*store, sweep.metric);
  if (!report) return Fail(report.error().code, path.string() + ": " + report.error().message);
  if (const auto fits = CheckMetric(sweep.metric, sweep.metadata); !fits) {
    sweep.metadata.warnings.push_back(fits.error().message);
  }
  sweep.results = store->results();
  sweep.requests = std::move(*requests);
  sweep.maps = DescribeMaps(*report);
  sweep.tables = std::move(report->tables);
  sweep.answers = std::move(report->answers);
  sweep.caption = std::move(report->caption);
  sweep.disturbances = std::move(report->disturbances);
  return ReportSource(std::move(sweep));
}

}  // namespace

Expected<ReportSource, SessionError> LoadReportSource(FileSystem& file_system,
                                                      const fs::path& path) {
  return HoldsPrompts(path) ? LoadPrompts(file_system, path) : LoadSweep(file_system, path);
}

}  // namespace ollama_bench
