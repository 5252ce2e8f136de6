#include "ollama_bench/analysis/best_set.h"

#include <algorithm>

#include "lead_test.h"

namespace ollama_bench {
namespace {

// A single lucky reading must not beat a cell that proved itself.
double AtTheBadEnd(const CellEstimate& estimate, bool higher_is_better, double level) {
  const Interval interval = estimate.log.LogInterval(level);
  return higher_is_better ? interval.low : -interval.high;
}

bool HasMoreContext(const CellEstimate& a, const CellEstimate& b) {
  if (a.cell.num_ctx != b.cell.num_ctx) return a.cell.num_ctx > b.cell.num_ctx;
  return a.cell.num_batch < b.cell.num_batch;
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
  // Equal readings are common in a coarse table: then the cell with more context leads.
  set.leader = *std::max_element(set.cells.begin(), set.cells.end(),
                                 [&score](const CellEstimate& a, const CellEstimate& b) {
                                   if (score(a) != score(b)) return score(a) < score(b);
                                   return HasMoreContext(b, a);
                                 });
  set.recommended = *std::min_element(set.cells.begin(), set.cells.end(), HasMoreContext);
  return set;
}

}  // namespace ollama_bench
