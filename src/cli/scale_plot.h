#pragma once

#include "ollama_bench/session/session_error.h"
#include "ollama_bench/store/file_system.h"
#include "ollama_bench/store/results_store.h"
#include "store_report.h"

namespace ollama_bench {

/// Draws how time, rates and memory grow with the prompt, and prints it.
Expected<ExitCode, SessionError> MakeScalePlot(FileSystem& file_system, const ResultsStore& store,
                                               const ReportOptions& options);

}  // namespace ollama_bench
