#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ollama_bench/core/cell.h"
#include "ollama_bench/core/failure.h"
#include "ollama_bench/core/sample.h"

// What a cell's entry means. Every command asks here, so that all of them say the same of a cell.

namespace ollama_bench {

/// Everything known of one cell. Its state is derived (cell_status.h), never stored: a cell can
/// hold good samples beside visits that failed.
struct CellResult {
  Cell cell;
  std::vector<Sample>
      samples;  ///< in the order they were taken, warm-ups and excluded ones included
  std::vector<VisitRecord> visits;  ///< in the order they were made
  std::optional<Cell>
      alias_of;           ///< the cell with the same effective values that was measured instead
  std::string reason;     ///< why it is an alias
  std::string timestamp;  ///< of the last change, ISO 8601

  friend bool operator==(const CellResult&, const CellResult&) = default;
};

/// The samples that enter the cell's rate, in their order. Where one of them is verified, those
/// that are not are left out: they are no measurement of the same thing. Valid as long as `result`.
std::vector<const Sample*> CountedOf(const CellResult& result);
bool HasCountedSample(const CellResult& result);
/// Whether it has counted samples, but only unverified ones.
bool IsUnverified(const CellResult& result);
/// Whether any of the cells has a verified counted sample. Where one has, cells that are unverified
/// are shown, but not compared with it.
bool AnyVerified(std::span<const CellResult> results);
/// Number of samples that enter the cell's rate.
int CountedSamples(const CellResult& result);
/// Median prompt eval rate of the counted samples in tokens/s; empty when there is none.
std::optional<double> MedianPromptEvalRate(const CellResult& result);

/// What samples and visits are ordered by in time: their start, then their id. Numbers of loads
/// have no order. Valid as long as the argument.
using TimeOrder = std::pair<std::string_view, std::string_view>;
TimeOrder TimeKey(const Sample& sample);
TimeOrder TimeKey(const VisitRecord& visit);

enum class CellStatus {
  kUntested,  ///< nothing that says anything of the cell
  kMeasured,  ///< it has a counted sample, whatever else failed
  kFailed,    ///< it has none, and a visit failed in a way that says something of the cell
  kExcluded,  ///< it has samples, none of which counts
  kAlias,     ///< it was not measured, because another cell has the same effective values
};

CellStatus StatusOf(const CellResult& result);

/// Why the cell is kFailed: the failure of its latest failed visit. Null in every other state.
/// Valid as long as `result`.
const Failure* FailureOf(const CellResult& result);

/// The visit that began last; null where none is recorded. Valid as long as `result`.
const VisitRecord* LatestVisit(const CellResult& result);

/// The failure of the latest visit; null where it did not fail. Valid as long as `result`.
const Failure* LatestFailure(const CellResult& result);

/// Whether the latest visit ended without a counted sample because others disturbed it.
bool EndedDisturbed(const CellResult& result);

struct VisitCount {
  int all = 0;     ///< that say something of the cell: they failed, or have a counted sample
  int failed = 0;  ///< of these

  friend bool operator==(const VisitCount&, const VisitCount&) = default;
};

/// Loads from before visits were recorded count as visits; those that were interrupted before
/// their first counted sample, or whose server went away, do not.
VisitCount CountVisits(const CellResult& result);

/// Whether more than a third of the cell's visits failed: such a cell must not be recommended.
bool FailsOften(const CellResult& result);

}  // namespace ollama_bench
