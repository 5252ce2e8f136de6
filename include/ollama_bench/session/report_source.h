#pragma once

#include <filesystem>

#include "ollama_bench/core/expected.h"
#include "ollama_bench/report/report.h"
#include "ollama_bench/session/session_error.h"
#include "ollama_bench/store/file_system.h"

namespace ollama_bench {

/// What a report is to say of the file at `path`: results, or records of `prompts`. Errors: those
/// of a command that reads such a file.
Expected<ReportSource, SessionError> LoadReportSource(FileSystem& file_system,
                                                      const std::filesystem::path& path);

}  // namespace ollama_bench
