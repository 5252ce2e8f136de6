#pragma once

#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>

#include "ollama_bench/render/terminal_style.h"
#include "ollama_bench/search/search.h"
#include "ollama_bench/session/stored_sweep.h"

namespace ollama_bench {

/// "87 %", "98.6 %", never 100 %.
std::string DescribeProbability(double probability);

/// {"event":"measurement", …}, one line.
void PrintMeasurementJson(std::FILE* out, const Measurement& measurement,
                          const std::optional<SearchAnswer>& answer);

/// How a search ended.
struct TuneOutcome {
  StoredReport report;  ///< what `heatmap` says of the same file
  std::optional<SearchAnswer> search;
  std::size_t measurements = 0;  ///< that the answer rests on, those of earlier starts too
  std::size_t cells = 0;         ///< of the grid
};

/// {"event":"answer", …}, one line.
void PrintTuneReportJson(std::FILE* out, const TuneOutcome& outcome);

/// The answer for a person, how far the search got, and what to do next.
std::string TuneReportText(const TuneOutcome& outcome, const std::filesystem::path& results,
                           const TerminalStyle& style);

}  // namespace ollama_bench
