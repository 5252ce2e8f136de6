#pragma once

#include <string>

#include "ollama_bench/session/session_error.h"
#include "ollama_bench/store/file_system.h"
#include "ollama_bench/store/results_store.h"
#include "store_report.h"

namespace ollama_bench {

/// What `plot` draws of load, beside the page of all levels. Empty: that page.
struct LoadPlotOptions {
  std::string ecdf;       ///< a level: 4 users, or 0.5 requests/s
  std::string histogram;  ///< the same
  std::string timeline;   ///< a level or the id of a sample
};

/// Draws results of the workload load as `plot` is told, and prints what they show.
Expected<ExitCode, SessionError> MakeLoadPlot(FileSystem& file_system, const ResultsStore& store,
                                              const ReportOptions& options,
                                              const LoadPlotOptions& chosen);

}  // namespace ollama_bench
