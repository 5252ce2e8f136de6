#include "ollama_bench/export/export_format.h"

#include <algorithm>
#include <array>

namespace ollama_bench {
namespace {

constexpr std::array kFormats = {
    ExportFormatInfo{ExportFormat::kCsv, "csv", ".csv", "a CSV export of samples",
                     "record,id,benchmark_id,"},
    ExportFormatInfo{ExportFormat::kJsonLines, "jsonl", ".jsonl", "a JSON lines export of samples",
                     "{\"record\":"},
    ExportFormatInfo{ExportFormat::kMarkdown, "md", ".md", "a Markdown export of cells",
                     "<!-- ollama-bench export -->"},
    ExportFormatInfo{ExportFormat::kSql, "sql", ".sql", "an SQL export of samples",
                     "-- ollama-bench export"},
    ExportFormatInfo{ExportFormat::kPrometheus, "prometheus", ".prom", "metrics for Prometheus",
                     "# HELP ollama_bench_"},
};

template <class Matches>
std::optional<ExportFormat> Find(const Matches& matches) {
  const auto found = std::find_if(kFormats.begin(), kFormats.end(), matches);
  if (found == kFormats.end()) return std::nullopt;
  return found->format;
}

}  // namespace

std::span<const ExportFormatInfo> AllExportFormats() {
  return kFormats;
}

const ExportFormatInfo& Describe(ExportFormat format) {
  return kFormats[static_cast<std::size_t>(format)];
}

std::optional<ExportFormat> ExportFormatFromKey(std::string_view key) {
  return Find([key](const ExportFormatInfo& info) { return info.key == key; });
}

std::optional<ExportFormat> ExportFormatFromExtension(std::string_view extension) {
  return Find([extension](const ExportFormatInfo& info) { return info.extension == extension; });
}

}  // namespace ollama_bench
