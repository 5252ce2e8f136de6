#include "ollama_bench/plan/aliases.h"

#include <algorithm>
#include <set>

namespace ollama_bench {
namespace {

Cell EffectiveOf(const Cell& cell, const EffectiveLimits& limits) {
  Cell effective = cell;
  const int num_ctx = cell[Parameter::kNumCtx];
  if (limits.largest_context && num_ctx > *limits.largest_context) {
    effective.Set(Parameter::kNumCtx, static_cast<int>(*limits.largest_context));
  }
  if (limits.batch_cut_to_context && cell.Sets(Parameter::kNumCtx)) {
    const int most = effective[Parameter::kNumCtx];
    effective.Set(Parameter::kNumBatch, std::min(cell[Parameter::kNumBatch], most));
  }
  return effective;
}

std::string ReasonOf(const Cell& cell, const Cell& effective) {
  if (cell[Parameter::kNumCtx] == effective[Parameter::kNumCtx]) return "num_batch above num_ctx";
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
