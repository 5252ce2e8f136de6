#include "ollama_bench/analysis/best_set.h"

#include <algorithm>
#include <tuple>

#include "lead_test.h"

namespace ollama_bench {
namespace {

// A single lucky reading must not beat a cell that proved itself.
double AtTheBadEnd(const CellEstimate& estimate, bool higher_is_better, double level) {
  const Interval interval = estimate.log.LogInterval(level);
  return higher_is_better ? interval.low : -interval.high;
}

}  // namespace

std::optional<BestSet> FindBestSet(const std::vector<CellEstimate>& estimates,
                                   const NoiseModel& noise, bool higher_is_better,
                                   const Demand& demand) {
  if (estimates.empty()) return std::nullopt;
  BestSet set;
  const std::vector<bool> survivors =
      LeadTest(estimates, noise, higher_is_better, demand).Survivors();
  for (std::size_t i = 0; i < estimates.size(); ++i) {
    if (survivors[i]) set.cells.push_back(estimates[i]);
  }
  const auto score = [&](const CellEstimate& estimate) {
    return AtTheBadEnd(estimate, higher_is_better, demand.level);
  };
  // Equal readings are common in a coarse table: then the cell with more context leads, and of
  // those the one with the smaller batch, which needs less memory.
  set.leader = *std::max_element(set.cells.begin(), set.cells.end(),
                                 [&](const CellEstimate& a, const CellEstimate& b) {
                                   return std::tuple(score(a), a.cell.num_ctx, -a.cell.num_batch) <
                                          std::tuple(score(b), b.cell.num_ctx, -b.cell.num_batch);
                                 });
  set.recommended = *std::max_element(
      set.cells.begin(), set.cells.end(), [&](const CellEstimate& a, const CellEstimate& b) {
        return std::tuple(a.cell.num_ctx, score(a), -a.cell.num_batch) <
               std::tuple(b.cell.num_ctx, score(b), -b.cell.num_batch);
      });
  return set;
}

}  // namespace ollama_bench
