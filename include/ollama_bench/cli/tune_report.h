#pragma once

#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>

#include "ollama_bench/analysis/disturbances.h"
#include "ollama_bench/search/search.h"

namespace ollama_bench {

/// "87 %", "98.6 %", never 100 %.
std::string DescribeProbability(double probability);

/// {"event":"measurement", …}, one line.
void PrintMeasurementJson(std::FILE* out, const Measurement& measurement,
                          const std::optional<SearchAnswer>& answer);

/// How a search ended.
struct TuneOutcome {
  std::optional<SearchAnswer> answer;  ///< empty: no cell has a rate
  std::size_t measurements = 0;        ///< that the answer rests on, those of earlier starts too
  std::size_t cells = 0;               ///< of the grid
  std::optional<Cell> present;         ///< what the user had before
  std::optional<double> gain;          ///< over that, relative; empty where it was not measured
  double max_loss = 0.05;              ///< what the largest safe context may lose, relative
  Disturbances disturbances;
};

/// {"event":"answer", …}, one line.
void PrintTuneReportJson(std::FILE* out, const TuneOutcome& outcome);

/// The answer in plain words: best cell, how sure, its equals, gain, largest safe context, the two
/// PARAMETER lines, what to do next.
std::string TuneReportText(const TuneOutcome& outcome, const std::filesystem::path& results);

}  // namespace ollama_bench
