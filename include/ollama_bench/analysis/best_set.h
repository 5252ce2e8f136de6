#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "ollama_bench/analysis/cell_estimate.h"

namespace ollama_bench {

/// When a difference matters, and how sure one has to be.
struct Demand {
  double threshold = 0.01;  ///< a smaller loss is none, relative
  double level = 0.95;
};

struct BestSet {
  CellEstimate leader;              ///< whose value is best even at the bad end of its interval
  std::vector<CellEstimate> cells;  ///< ordered by cell; the leader is among them
  /// Of `cells` one with the largest num_ctx: the one that is best at the bad end of its interval,
  /// of equal ones that with the smallest num_batch.
  CellEstimate recommended;
};

/// The cells that are not shown to lose more than the threshold against the best cell. Empty where
/// nothing was measured.
///
/// For each cell the hypothesis "the best loses it no more than the threshold" is tested by the
/// largest of the studentised leads of all others over it (Hsu's comparisons with the best, Annals
/// of Statistics 9, 1981). That the leader was picked as the highest of many is part of the test:
/// its critical value is simulated from the noise's posterior, over all cells that are not already
/// far below (generalised moment selection, Andrews and Soares, Econometrica 78, 2010). A cell
/// within the threshold of the best stays in with probability `level` at least. Drawing the cells'
/// values from their posteriors instead would not do: the maximum of noisy draws around noisy
/// readings lies above every cell, and a flat surface of 36 cells loses its best one in half
/// of the sweeps. Deterministic.
std::optional<BestSet> FindBestSet(const std::vector<CellEstimate>& estimates,
                                   const NoiseModel& noise, bool higher_is_better,
                                   const Demand& demand = {});

}  // namespace ollama_bench
