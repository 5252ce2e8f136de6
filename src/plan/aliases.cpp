#include "ollama_bench/plan/aliases.h"

#include <algorithm>
#include <set>

namespace ollama_bench {
namespace {

// The smallest num_gpu of the cells that puts all of the model on GPUs.
std::optional<int> AllLayers(std::span<const Cell> cells, const EffectiveLimits& limits) {
  std::optional<int> smallest;
  for (const Cell& cell : cells) {
    const int num_gpu = cell[Parameter::kNumGpu];
    if (limits.layers && num_gpu > *limits.layers) {
      smallest = std::min(smallest.value_or(num_gpu), num_gpu);
    }
  }
  return smallest;
}

bool IsRaised(const Cell& cell, const EffectiveLimits& limits) {
  return limits.least_context && cell.Sets(Parameter::kNumCtx) &&
         cell[Parameter::kNumCtx] < *limits.least_context;
}

Cell EffectiveOf(const Cell& cell, const EffectiveLimits& limits, std::optional<int> all_layers) {
  Cell effective = cell;
  if (all_layers && cell[Parameter::kNumGpu] > *all_layers) {
    effective.Set(Parameter::kNumGpu, *all_layers);
  }
  if (IsRaised(cell, limits)) effective.Set(Parameter::kNumCtx, *limits.least_context);
  const int num_ctx = effective[Parameter::kNumCtx];
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
  if (cell[Parameter::kNumCtx] < effective[Parameter::kNumCtx]) {
    return "num_ctx below the least that the server gives this model";
  }
  if (cell[Parameter::kNumCtx] != effective[Parameter::kNumCtx]) {
    return "num_ctx above the model's trained context";
  }
  if (cell[Parameter::kNumBatch] != effective[Parameter::kNumBatch]) {
    return "num_batch above num_ctx";
  }
  return "num_gpu above the model's layers";
}

}  // namespace

std::vector<Alias> FindAliases(std::span<const Cell> cells, const EffectiveLimits& limits) {
  const std::set<Cell> present(cells.begin(), cells.end());
  const std::optional<int> all_layers = AllLayers(cells, limits);
  std::vector<Alias> aliases;
  for (const Cell& cell : cells) {
    const Cell effective = EffectiveOf(cell, limits, all_layers);
    if (effective == cell) continue;
    if (!present.contains(effective) && !IsRaised(cell, limits)) continue;
    aliases.push_back({cell, effective, ReasonOf(cell, effective)});
  }
  return aliases;
}

}  // namespace ollama_bench
