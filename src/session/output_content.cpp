#include "output_content.h"

#include <algorithm>
#include <vector>

#include "ollama_bench/config/sweep_config.h"
#include "ollama_bench/core/metric.h"
#include "ollama_bench/core/parameter.h"
#include "ollama_bench/export/export_format.h"
#include "ollama_bench/report/report.h"
#include "ollama_bench/store/prompt_lines.h"

namespace ollama_bench {
namespace {

using std::string_view;

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

void SkipBlanks(string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
}

void SkipByteOrderMark(string_view& text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
}

// What may precede the root element: declaration, comments, document type.
void SkipXmlProlog(string_view& text) {
  SkipBlanks(text);
  while (text.starts_with("<?") || text.starts_with("<!")) {
    const string_view end = text.starts_with("<!--") ? "-->" : ">";
    const std::size_t found = text.find(end);
    if (found == string_view::npos) return;
    text.remove_prefix(found + end.size());
    SkipBlanks(text);
  }
}

bool IsSvg(string_view text) {
  SkipByteOrderMark(text);
  SkipXmlProlog(text);
  constexpr string_view kRoot = "<svg";
  if (!text.starts_with(kRoot)) return false;
  text.remove_prefix(kRoot.size());
  return !text.empty() && string_view(" \t\r\n>").find(text.front()) != string_view::npos;
}

bool IsValue(string_view field) {
  return field == "auto" || std::all_of(field.begin(), field.end(), IsDigit);
}

// The header of a table: "num_batch,8192,10240", or of a list of cells:
// "num_ctx,num_thread,prompt_eval_rate".
bool IsCsv(string_view text) {
  std::vector<string_view> fields;
  text = text.substr(0, text.find_first_of("\r\n"));
  for (std::size_t comma = 0; comma != string_view::npos; text.remove_prefix(comma + 1)) {
    comma = text.find(',');
    fields.push_back(text.substr(0, comma));
    if (comma == string_view::npos) break;
  }
  if (fields.size() < 2) return false;
  const bool is_table = fields.front() == KeyOf(kUsualDown);
  if (is_table && std::all_of(fields.begin() + 1, fields.end(), IsValue)) return true;
  return MetricFromKey(fields.back()) &&
         std::all_of(fields.begin(), fields.end() - 1, ParameterFromKey);
}

bool IsHtmlReport(string_view text) {
  return text.starts_with("<!DOCTYPE html>") &&
         text.find("<meta name=\"generator\" content=\"ollama-bench ") != string_view::npos;
}

bool IsResults(string_view text) {
  SkipByteOrderMark(text);
  SkipBlanks(text);
  return text.starts_with('{') && (text.find("\"results\"") != string_view::npos ||
                                   text.find("\"metadata\"") != string_view::npos);
}

// Of a file that a crash has cut in its first line there may be a part alone.
bool IsPrompts(string_view text) {
  return text.starts_with(kPromptLineStart) ||
         (!text.empty() && kPromptLineStart.starts_with(text));
}

std::optional<OutputKind> RecogniseExport(string_view text) {
  SkipByteOrderMark(text);
  for (const ExportFormatInfo& info : AllExportFormats()) {
    if (text.starts_with(info.start)) return KindOf(info.format);
  }
  return std::nullopt;
}

}  // namespace

std::optional<OutputKind> RecogniseOutput(string_view text) {
  if (text.starts_with("\x89PNG\r\n\x1A\n")) return OutputKind::kPng;
  if (text.starts_with("%PDF-")) return OutputKind::kPdf;
  if (IsHtmlReport(text)) return OutputKind::kHtml;
  if (text.starts_with(kMarkdownReportStart)) return OutputKind::kMarkdown;
  if (IsPrompts(text)) return OutputKind::kPrompts;
  if (text.starts_with("id\trepeat\tprompt\t")) return OutputKind::kPromptTable;
  if (text.starts_with("{\"traceEvents\":[")) return OutputKind::kTrace;
  if (text.starts_with("{\n  \"spans\": {")) return OutputKind::kTraceStatistics;
  if (const auto kind = RecogniseExport(text)) return kind;
  if (IsResults(text)) return OutputKind::kResults;
  if (IsSvg(text)) return OutputKind::kSvg;
  if (IsCsv(text)) return OutputKind::kCsv;
  if (text.size() < kRecognisedBytes && IsSweepConfig(text)) return OutputKind::kConfig;
  return std::nullopt;
}

string_view NameOf(OutputKind kind) {
  switch (kind) {
    case OutputKind::kPng:
      return "a PNG picture";
    case OutputKind::kSvg:
      return "an SVG picture";
    case OutputKind::kPdf:
      return "a PDF picture";
    case OutputKind::kHtml:
      return "a report in HTML";
    case OutputKind::kMarkdown:
      return "a report in Markdown";
    case OutputKind::kCsv:
      return "a CSV table of a sweep";
    case OutputKind::kConfig:
      return "a sweep's configuration";
    case OutputKind::kResults:
      return "results of a sweep";
    case OutputKind::kPrompts:
      return "records of `prompts`";
    case OutputKind::kPromptTable:
      return "a table of `prompts`";
    case OutputKind::kTrace:
      return "a trace";
    case OutputKind::kTraceStatistics:
      return "statistics of a trace";
    case OutputKind::kExportedCsv:
      return Describe(ExportFormat::kCsv).name;
    case OutputKind::kExportedJsonLines:
      return Describe(ExportFormat::kJsonLines).name;
    case OutputKind::kExportedMarkdown:
      return Describe(ExportFormat::kMarkdown).name;
    case OutputKind::kExportedSql:
      return Describe(ExportFormat::kSql).name;
    case OutputKind::kExportedPrometheus:
      return Describe(ExportFormat::kPrometheus).name;
  }
  return "output";
}

}  // namespace ollama_bench
