#include "prompt_outputs.h"

#include <fmt/format.h>

#include <utility>

#include "ollama_bench/render/distribution_scene.h"
#include "ollama_bench/render/picture.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

fs::path StatisticsOf(const fs::path& trace) {
  fs::path path = trace;
  path += ".stats.json";
  return path;
}

// Those that are wanted.
std::vector<OutputTarget> TargetsOf(const PromptsOptions& options) {
  std::vector<fs::path> own = {options.output};
  if (!options.input.empty() && options.input != "-") own.push_back(options.input);
  std::vector<OutputTarget> targets;
  const auto add = [&](const fs::path& path, OutputKind kind, const char* option) {
    if (!path.empty()) targets.push_back({path, kind, option, own});
  };
  add(options.table, OutputKind::kPromptTable, "--tsv FILE");
  add(options.trace, OutputKind::kTrace, "--trace FILE");
  if (!options.trace.empty()) {
    add(StatisticsOf(options.trace), OutputKind::kTraceStatistics, "--trace FILE");
  }
  if (!options.histogram.empty()) {
    const auto format = PictureFormatFromExtension(options.histogram.extension().string());
    add(options.histogram, KindOf(*format), "--histogram FILE");
  }
  return targets;
}

OutputTarget TargetOf(const PromptsOptions& options, OutputKind kind) {
  for (OutputTarget& target : TargetsOf(options)) {
    if (target.kind == kind) return std::move(target);
  }
  return {};
}

bool IsSame(const fs::path& a, const fs::path& b) {
  std::error_code error;
  return a.lexically_normal() == b.lexically_normal() || fs::equivalent(a, b, error);
}

}  // namespace

Expected<void, SessionError> CheckPromptOutputs(FileSystem& file_system,
                                                const PromptsOptions& options) {
  if (IsSame(options.input, options.output)) {
    return Fail(ExitCode::kUsage,
                fmt::format("{} is the data set and is not overwritten; name another file: "
                            "--output FILE",
                            options.output.string()));
  }
  if (auto fits = CheckPromptLog(file_system, options.output, "--output FILE"); !fits) return fits;
  const std::vector<OutputTarget> targets = TargetsOf(options);
  for (std::size_t i = 0; i < targets.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (!IsSame(targets[i].path, targets[j].path)) continue;
      return Fail(ExitCode::kUsage,
                  fmt::format("{} is named by {} and by {}", targets[i].path.string(),
                              targets[j].option, targets[i].option));
    }
    if (auto fits = CheckOutput(file_system, targets[i]); !fits) return fits;
  }
  return {};
}

PromptOutputs::PromptOutputs(FileSystem& file_system, const PromptsOptions& options,
                             const PromptCaption& caption, std::size_t planned)
    : file_system_(file_system),
      options_(options),
      caption_(caption),
      summarizer_(planned),
      trace_(caption.model) {}

Expected<void, SessionError> PromptOutputs::Begin() {
  if (options_.table.empty()) return {};
  auto table = StreamedOutput::Open(file_system_, TargetOf(options_, OutputKind::kPromptTable));
  if (!table) return Unexpected<SessionError>(table.error());
  table_.emplace(std::move(*table));
  table_->Write(PromptTableHeader());
  return {};
}

void PromptOutputs::Add(const PromptRecord& record) {
  summarizer_.Add(record);
  if (table_) table_->Write(PromptTableLine(record));
  if (!options_.trace.empty()) trace_.Add(record);
}

Expected<PromptSummary, SessionError> PromptOutputs::Finish() {
  if (table_) {
    if (auto done = table_->Finish(); !done) return Unexpected<SessionError>(done.error());
    written_.push_back(options_.table);
  }
  if (auto done = WriteTrace(); !done) return Unexpected<SessionError>(done.error());
  PromptSummary summary = summarizer_.Finish();
  if (auto done = WriteHistogram(summary); !done) return Unexpected<SessionError>(done.error());
  return summary;
}

Expected<void, SessionError> PromptOutputs::WriteTrace() {
  if (options_.trace.empty()) return {};
  auto trace = StreamedOutput::Open(file_system_, TargetOf(options_, OutputKind::kTrace));
  if (!trace) return Unexpected<SessionError>(trace.error());
  trace_.Write([&trace](std::string_view part) { trace->Write(part); });
  if (auto done = trace->Finish(); !done) return done;
  const OutputTarget statistics = TargetOf(options_, OutputKind::kTraceStatistics);
  if (auto done = WriteOutput(file_system_, statistics, trace_.Statistics()); !done) return done;
  written_.push_back(options_.trace);
  written_.push_back(statistics.path);
  return {};
}

Expected<void, SessionError> PromptOutputs::WriteHistogram(const PromptSummary& summary) {
  if (options_.histogram.empty()) return {};
  std::vector<Distribution> shown;
  for (const Distribution& figure : summary.figures) {
    if (figure.key == "e2e_ms" || figure.key == "ttft_ms") shown.push_back(figure);
  }
  if (shown.empty()) return {};
  const auto font = Font::Load();
  if (!font) return Fail(ExitCode::kEnvironment, font.error());
  DistributionCaption caption;
  caption.title = fmt::format("How long {} takes for a prompt", caption_.model);
  caption.details = {
      fmt::format("{} of {} requests answered", summary.answered, summary.planned),
      fmt::format("{} at a time", caption_.concurrency),
      fmt::format("{:.3g} generated tokens each", static_cast<double>(summary.generated_tokens) /
                                                      static_cast<double>(summary.answered))};
  const PictureFormat format = *PictureFormatFromExtension(options_.histogram.extension().string());
  const auto bytes = RenderPicture(LayOutDistributions(shown, caption, *font), format);
  if (!bytes) {
    return Fail(ExitCode::kEnvironment,
                fmt::format("cannot draw {}: {}", options_.histogram.string(), bytes.error()));
  }
  if (auto done = WriteOutput(file_system_, TargetOf(options_, KindOf(format)), *bytes); !done) {
    return done;
  }
  written_.push_back(options_.histogram);
  return {};
}

}  // namespace ollama_bench
