#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/core/cell.h"
#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/metric.h"
#include "ollama_bench/core/sample.h"

namespace ollama_bench {

/// What one load of the model brought in one cell: the unit of all statistics, for the runs of a
/// load share its noise.
struct LoadUnit {
  Cell cell;
  SampleRole role = SampleRole::kMeasure;
  std::int64_t load_id = 0;
  double log_value = 0;           ///< mean over the runs of the natural log of the metric
  int runs = 1;                   ///< that went into it
  double squares = 0;             ///< sum over the runs of the squared distance from log_value
  std::optional<double> start_s;  ///< of its first run, seconds since 1970; empty where unknown
  std::string origin;  ///< the start of the program that made it, which has a level of its own
  std::string first_sample;  ///< its id, which orders loads that began in the same second
};

/// The loads of a cell, in the order of their first samples. A sample that knows no load (load_id
/// 0) is a load of its own. Samples that do not count and values that have no logarithm are left
/// out, and so are stalled runs (Outlier); so is everything where the cell failed.
std::vector<LoadUnit> LoadUnitsOf(const CellResult& result, Metric metric);

/// The loads that speak for their cell without having been chosen for it: where a cell was
/// confirmed, the readings that made it a leader are left out, for they are high by selection
/// (winner's curse). Over all of `results`; unverified cells only where all are.
std::vector<LoadUnit> UnbiasedUnits(const std::vector<CellResult>& results, Metric metric);

/// The loads of all cells; of unverified ones only where all are.
std::vector<LoadUnit> ComparableUnits(const std::vector<CellResult>& results, Metric metric);

/// The loads of those origins that a shared cell joins, directly or through others, with the most
/// loads: what is known of another origin's level would rest on the main effects alone.
std::vector<LoadUnit> JoinedByCells(const std::vector<LoadUnit>& units);

}  // namespace ollama_bench
