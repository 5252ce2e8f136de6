#include "ollama_bench/plan/aliases.h"

#include <algorithm>
#include <set>

namespace ollama_bench {
namespace {

Cell EffectiveOf(const Cell& cell, const EffectiveLimits& limits) {
  Cell effective = cell;
  if (limits.largest_context && effective.num_ctx > *limits.largest_context) {
    effective.num_ctx = static_cast<int>(*limits.largest_context);
  }
  if (limits.batch_cut_to_context) {
    effective.num_batch = std::min(effective.num_batch, effective.num_ctx);
  }
  return effective;
}

std::string ReasonOf(const Cell& cell, const Cell& effective) {
  if (cell.num_ctx == effective.num_ctx) return "num_batch above num_ctx";
  return "num_ctx above the model's trained context";
}

}  // namespace

std::vector<Alias> FindAliases(std::span<const Cell> cells, const EffectiveLimits& limits) {
  const std::set<Cell> present(cells.begin(), cells.end());
  std::vector<Alias> aliases;
  for (const Cell& cell : cells) {
    const Cell effective = EffectiveOf(cell, limits);
    if (effective == cell || !present.contains(effective)) continue;
    aliases.push_back({cell, effective, ReasonOf(cell, effective)});
  }
  return aliases;
}

}  // namespace ollama_bench
