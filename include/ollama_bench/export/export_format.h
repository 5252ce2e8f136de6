#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace ollama_bench {

enum class ExportFormat {
  kCsv,
  kJsonLines,
  kMarkdown,
  kSql,
  kPrometheus,
};

struct ExportFormatInfo {
  ExportFormat format;
  std::string_view key;        ///< on the command line
  std::string_view extension;  ///< of a file's name: ".csv"
  std::string_view name;       ///< for people, with an article
  std::string_view start;      ///< how every such file begins, behind a byte order mark
};

/// Every format once, in the order of the enumeration.
std::span<const ExportFormatInfo> AllExportFormats();
const ExportFormatInfo& Describe(ExportFormat format);
std::optional<ExportFormat> ExportFormatFromKey(std::string_view key);
std::optional<ExportFormat> ExportFormatFromExtension(std::string_view extension);

}  // namespace ollama_bench
