#pragma once

#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/failure.h"
#include "ollama_bench/core/visit_record.h"

// What a cell's entry means. Every command asks here, so that all of them say the same of a cell.

namespace ollama_bench {

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
