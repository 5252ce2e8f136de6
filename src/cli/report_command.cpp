#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "command_line.h"
#include "ollama_bench/core/clock.h"
#include "ollama_bench/core/text.h"
#include "ollama_bench/report/report.h"
#include "ollama_bench/session/output_file.h"
#include "ollama_bench/session/report_source.h"
#include "store_report.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

constexpr const char* kUsualReport = "report.html";

struct ReportFiles {
  std::vector<fs::path> results = {"benchmark_results.json"};
  std::vector<fs::path> outputs;
};

std::optional<OutputKind> KindOf(const fs::path& output) {
  const std::string ending = Lower(output.extension().string());
  if (ending == ".html" || ending == ".htm") return OutputKind::kHtml;
  if (ending == ".md") return OutputKind::kMarkdown;
  return std::nullopt;
}

std::string CheckReportName(const std::string& name) {
  if (KindOf(name)) return {};
  return fmt::format("{}: a report ends in .html or .md", name);
}

Expected<ExitCode, SessionError> MakeReport(const ReportFiles& files) {
  PosixFileSystem file_system;
  std::vector<OutputTarget> targets;
  for (const fs::path& output : files.outputs) {
    targets.push_back({output, *KindOf(output), "--output FILE", files.results});
    if (auto fits = CheckOutput(file_system, targets.back()); !fits) {
      return Unexpected<SessionError>(fits.error());
    }
  }
  std::vector<ReportSource> sources;
  for (const fs::path& path : files.results) {
    auto source = LoadReportSource(file_system, path);
    if (!source) return Unexpected<SessionError>(source.error());
    sources.push_back(std::move(*source));
  }
  const ReportCaption caption{{}, LocalTime(FormatTimestamp(SystemClock().WallTime()))};
  auto font = Font::Load();
  if (!font) return Fail(ExitCode::kEnvironment, font.error());
  std::vector<MadeFile> made;
  for (const OutputTarget& target : targets) {
    made.emplace_back(target, target.kind == OutputKind::kHtml
                                  ? RenderHtmlReport(sources, caption, *font)
                                  : RenderMarkdownReport(sources, caption));
  }
  WarnOfLettersWithoutFont(*font);
  if (const auto ok = WriteFiles(file_system, made); !ok) {
    return Unexpected<SessionError>(ok.error());
  }
  return ExitCode::kDone;
}

}  // namespace

void AddReportCommand(CLI::App& app, std::function<int()>& action) {
  CLI::App* report = app.add_subcommand(
      "report", "Write a page of results: answer, pictures, advice, tables, conditions");
  report->footer(
      "One HTML file that needs nothing else, not even a network, and follows the reader's dark "
      "or\n"
      "light setting; Markdown has the same without the pictures. Of a results file NAME.json "
      "other\n"
      "than benchmark_results.json it is NAME_report.html, of several files report.html.\n"
      "Example: ollama-bench report sweep.json load_results.json prompt_timing.jsonl -o all.html");
  const auto files = std::make_shared<ReportFiles>();
  report
      ->add_option(
          "RESULTS", files->results,
          "Results of any measuring command, finished or running, and records of `prompts`")
      ->capture_default_str();
  report->add_option("-o,--output", files->outputs, "Report, by its ending; may be repeated")
      ->type_name("FILE.html|.md")
      ->allow_extra_args(false)
      ->check(CheckReportName);
  report->callback([files, &action] {
    if (files->outputs.empty()) {
      files->outputs = {files->results.size() == 1
                            ? DefaultOutput(files->results.front(), kUsualReport, "_report.html")
                            : fs::path(kUsualReport)};
    }
    action = [files] { return FinishCommand(MakeReport(*files)); };
  });
}

}  // namespace ollama_bench
