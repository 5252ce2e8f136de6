#pragma once

#include <string>
#include <vector>

#include "ollama_bench/render/sweep_caption.h"
#include "ollama_bench/session/session_error.h"
#include "ollama_bench/store/file_system.h"
#include "ollama_bench/store/results_store.h"
#include "store_report.h"

namespace ollama_bench {

/// Which cells' samples are drawn, and how.
struct DistributionOptions {
  std::string cells;  ///< kRecommendedCells, kCurrentCells or kAllCells
  bool has_histogram = true;
  bool has_ecdf = true;
};
inline constexpr const char* kRecommendedCells = "recommended";
inline constexpr const char* kCurrentCells = "current";
inline constexpr const char* kAllCells = "all";

/// Draws the samples of cells of a sweep, of the metric and the cells that the options choose, side
/// by side on one scale.
Expected<ExitCode, SessionError> MakeDistributionPlot(FileSystem& file_system, ResultsStore store,
                                                      const ReportOptions& options,
                                                      const DistributionOptions& chosen);

/// The phrases below the title of such a picture.
std::vector<std::string> DetailsOf(const SweepCaption& caption);

}  // namespace ollama_bench
