#include "store_report.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "ollama_bench/analysis/sweep_map.h"
#include "ollama_bench/render/answer_text.h"
#include "ollama_bench/render/csv.h"
#include "ollama_bench/render/json_report.h"
#include "ollama_bench/render/text_report.h"
#include "ollama_bench/session/opened_store.h"
#include "terminal.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

constexpr const char* kStandardOutput = "-";

OutputTarget PictureTarget(const ReportOptions& options, const fs::path& path) {
  const PictureFormat format = *PictureFormatFromExtension(path.extension().string());
  return {path, KindOf(format), "--output FILE", {options.results}};
}

OutputTarget CsvTarget(const ReportOptions& options) {
  return {options.csv, OutputKind::kCsv, "--csv FILE, or none: --no-csv", {options.results}};
}

// With what `--estimate` expects of cells that were not measured.
std::string JsonOf(const StoredReport& report, const std::set<Cell>& expected_to_fail) {
  const std::string text = RenderJsonReport(report.tables, report.answers, report.caption);
  if (expected_to_fail.empty()) return text;
  std::set<std::string> failing;
  for (const Cell& cell : expected_to_fail) failing.insert(CellJson(cell).dump());
  auto json = nlohmann::ordered_json::parse(text);
  for (auto& cell : json["untested"]) {
    if (failing.contains(cell.dump())) cell["expected"] = "failure";
  }
  return json.dump(2) + "\n";
}

}  // namespace

void SetDefaultOutput(const CLI::App& app, ReportOptions& options, const std::string& usual,
                      std::string_view ending) {
  if (app.count("--output") == 0) {
    options.pictures = {DefaultOutput(options.results, usual, ending)};
  }
  if (options.json && options.csv == kStandardOutput) {
    throw CLI::ValidationError("--csv", "- and --json would both write to standard output");
  }
}

void AddReportArguments(CLI::App& app, ReportOptions& options) {
  app.add_option("RESULTS", options.results, "Results of a sweep, finished or running")
      ->capture_default_str();
  app.add_option("-o,--output", options.pictures, "Picture, by its ending; may be repeated")
      ->type_name("FILE.png|.svg|.pdf")
      ->allow_extra_args(false)
      ->check(CheckPictureName)
      ->capture_default_str();
}

void AddMetricOption(CLI::App& app, ReportOptions& options) {
  app.add_option("--metric", options.metric, "What is drawn [the workload's]")
      ->check(CLI::IsMember(KeysOf(AllMetrics())));
}

void AddThemeOption(CLI::App& app, ReportOptions& options) {
  app.add_option("--theme", options.theme,
                 "auto: an SVG follows the reader's setting, the other formats are light")
      ->check(CLI::IsMember(std::vector<std::string>{"auto", "light", "dark"}))
      ->capture_default_str();
}

void AddMaxLossOption(CLI::App& app, ReportOptions& options) {
  app.add_option("--max-loss", options.max_loss,
                 "What the largest safe context may lose against the fastest cell")
      ->type_name("PERCENT")
      ->check(CheckPercent)
      ->capture_default_str();
}

void AddJsonFlag(CLI::App& app, ReportOptions& options) {
  app.add_flag("--json", options.json, "Report for programs instead of people");
}

Expected<void, SessionError> CheckFiles(FileSystem& file_system, const ReportOptions& options) {
  for (const fs::path& path : options.pictures) {
    auto fits = CheckOutput(file_system, PictureTarget(options, path));
    if (!fits) return fits;
  }
  if (options.csv.empty() || options.csv == kStandardOutput) return {};
  return CheckOutput(file_system, CsvTarget(options));
}

Expected<ResultsStore, SessionError> LoadStore(FileSystem& file_system,
                                               const ReportOptions& options) {
  auto store = ResultsStore::Load(file_system, options.results);
  if (store) return std::move(*store);
  return Unexpected<SessionError>(ToSessionError(NotResults(options.results, store.error())));
}

Expected<LoadedReport, SessionError> LoadReport(FileSystem& file_system,
                                                const ReportOptions& options,
                                                TablesOfSlice* tables_of) {
  auto store = LoadStore(file_system, options);
  if (!store) return Unexpected<SessionError>(store.error());
  return LoadReport(std::move(*store), options, tables_of);
}

Expected<LoadedReport, SessionError> LoadReport(ResultsStore store, const ReportOptions& options,
                                                TablesOfSlice* tables_of) {
  const Metadata& metadata = store.metadata();
  const Metric metric = options.metric.empty() ? Describe(WorkloadOf(metadata)).headline
                                               : *MetricFromKey(options.metric);
  if (const auto ok = CheckMetric(metric, metadata); !ok) {
    return Unexpected<SessionError>(ok.error());
  }
  AnswerOptions answer_options;
  answer_options.max_loss = *ParsePercent(options.max_loss);  // checked with the command line
  auto report = ReportOf(store, metric, answer_options, SliceOf(options.slice), tables_of);
  if (!report) {
    return Fail(report.error().code,
                fmt::format("{}: {}", options.results.string(), report.error().message));
  }
  return LoadedReport{std::move(store), metric, std::move(*report)};
}

void PrintReport(const ReportOptions& options, const StoredReport& report,
                 std::span<const SweepMap> maps, const std::set<Cell>& expected_to_fail,
                 const Colormap& colormap) {
  if (options.json) {
    Print(stdout, "{}", JsonOf(report, expected_to_fail));
    return;
  }
  std::FILE* out = options.csv == kStandardOutput ? stderr : stdout;
  const TerminalStyle style = StyleOf(fileno(out), colormap);
  Print(out, "{}", RenderTextReport(report.tables, report.answers, maps, report.caption, style));
}

void WarnOfLettersWithoutFont(const Font& font) {
  const std::vector<std::string> letters = font.Missing();
  if (letters.empty()) return;
  PrintWarning(
      fmt::format("no font of this system has {} {}: the picture shows {} instead; install such a "
                  "font, for example Noto Sans CJK, and draw again",
                  letters.size() == 1 ? "the letter" : "the letters", fmt::join(letters, " "),
                  letters.size() == 1 ? "its number" : "their numbers"));
}

Expected<std::vector<MadeFile>, SessionError> DrawPictures(const ReportOptions& options,
                                                           const LayOut& lay_out) {
  std::vector<MadeFile> files;
  auto font = Font::Load();
  if (!font) return Fail(ExitCode::kEnvironment, font.error());
  for (const fs::path& path : options.pictures) {
    const PictureFormat format = *PictureFormatFromExtension(path.extension().string());
    auto bytes = RenderPicture(lay_out(format, *font), format, ThemeFromKey(options.theme));
    if (!bytes) {
      return Fail(ExitCode::kEnvironment,
                  fmt::format("cannot draw {}: {}", path.string(), bytes.error()));
    }
    files.emplace_back(PictureTarget(options, path), std::move(*bytes));
  }
  WarnOfLettersWithoutFont(*font);
  return files;
}

Expected<std::vector<MadeFile>, SessionError> DrawFiles(const ReportOptions& options,
                                                        const StoredReport& report,
                                                        const LayOut& lay_out) {
  if (report.tables.front().states.empty()) return std::vector<MadeFile>();
  auto files = DrawPictures(options, lay_out);
  if (files && !options.csv.empty()) {
    files->emplace_back(CsvTarget(options), RenderCsv(report.tables));
  }
  return files;
}

Expected<void, SessionError> WriteFiles(FileSystem& file_system,
                                        const std::vector<MadeFile>& files) {
  for (const auto& [target, bytes] : files) {
    if (target.path == kStandardOutput) {
      Print(stdout, "{}", bytes);
      continue;
    }
    if (auto done = WriteOutput(file_system, target, bytes); !done) return done;
    Print(stderr, "wrote {}\n", target.path.string());
  }
  return {};
}

int FinishCommand(const Expected<ExitCode, SessionError>& code) {
  if (code) return static_cast<int>(*code);
  PrintError(code.error().message);
  return static_cast<int>(code.error().code);
}

}  // namespace ollama_bench
