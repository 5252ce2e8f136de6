#include "safe_context.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "normal.h"

namespace ollama_bench {
namespace {

constexpr double kSafe = 0.95;

/// What needs no more than a cell on the GPUs alone is there too, as far as was seen.
bool StaysOnGpu(const SearchGrid& grid, const CellFacts& facts, std::size_t cell) {
  for (std::size_t other = 0; other < grid.CellCount(); ++other) {
    if (facts.cpu_share[other] > 0.0 && grid.CtxIndex(other) <= grid.CtxIndex(cell) &&
        grid.BatchIndex(other) <= grid.BatchIndex(cell)) {
      return false;
    }
  }
  return true;
}

double ProbabilityOfSmallLoss(const ValueModel& values, const SearchBelief& belief,
                              std::size_t cell, double max_loss) {
  const std::size_t leader = *belief.leader;
  const double possible = belief.p_feasible[cell] * belief.p_fast[cell];
  if (possible < kSafe || cell == leader) return possible;
  const double allowed = std::log1p(-max_loss);
  double probability = 0.0;
  for (const ValueComponent& c : belief.components) {
    const auto x = static_cast<Eigen::Index>(cell);
    const auto l = static_cast<Eigen::Index>(leader);
    const double both = values.Covariance(c, cell, leader);
    const double spread = std::max(1e-12, c.variance[x] + c.variance[l] - 2.0 * both);
    probability += c.weight * NormalBelow((c.mean[x] - c.mean[l] - allowed) / std::sqrt(spread));
  }
  return possible * probability;
}

}  // namespace

std::optional<SearchSafeContext> FindSafeContext(const SearchGrid& grid, const ValueModel& values,
                                                 const SearchBelief& belief, const CellFacts& facts,
                                                 double max_loss) {
  const auto rank = [&](std::size_t cell) {
    return std::pair(belief.successes[cell] > 0, belief.mean[cell]);
  };
  std::optional<std::size_t> found;
  for (std::size_t cell = 0; cell < grid.CellCount(); ++cell) {
    const bool same_context = found && grid.CtxIndex(cell) == grid.CtxIndex(*found);
    if (facts.barred[cell] || (same_context && rank(cell) <= rank(*found))) continue;
    if (StaysOnGpu(grid, facts, cell) &&
        ProbabilityOfSmallLoss(values, belief, cell, max_loss) >= kSafe) {
      found = cell;
    }
  }
  if (!found) return std::nullopt;
  const double loss = 1.0 - std::exp(belief.mean[*found] - belief.mean[*belief.leader]);
  return SearchSafeContext{grid.CellAt(*found), std::max(0.0, loss), belief.successes[*found] > 0};
}

}  // namespace ollama_bench
