#include "ollama_bench/plan/aliases.h"

#include <fmt/format.h>

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

// What the server makes of its own settings, of those that the cells vary.
Cell EffectiveServerOf(const Cell& cell, const EffectiveLimits& limits, const Cell& varied) {
  Cell effective = cell;
  for (const ParameterInfo& info : AllParameters()) {
    const bool is_default = info.scope == Scope::kServer && varied.Sets(info.parameter) &&
                            !cell.Sets(info.parameter) &&
                            limits.server_defaults.Sets(info.parameter);
    if (is_default) effective.Set(info.parameter, limits.server_defaults[info.parameter]);
  }
  if (limits.lacks_flash_attention && effective.Sets(Parameter::kFlashAttention)) {
    effective.Set(Parameter::kFlashAttention, 0);
  }
  const bool is_without =
      limits.lacks_flash_attention || effective[Parameter::kFlashAttention] == 0;
  if (limits.drops_kv_type && is_without && effective.Sets(Parameter::kKvCacheType)) {
    effective.Set(Parameter::kKvCacheType, static_cast<int>(KvCacheType::kF16));
  }
  return effective;
}

// The parameters that any of the cells sets, with some value.
Cell VariedBy(std::span<const Cell> cells) {
  Cell varied;
  for (const Cell& cell : cells) {
    for (const ParameterInfo& info : AllParameters()) {
      if (cell.Sets(info.parameter)) varied.Set(info.parameter, cell[info.parameter]);
    }
  }
  return varied;
}

Cell EffectiveOf(const Cell& cell, const EffectiveLimits& limits, const Cell& varied,
                 std::optional<int> all_layers) {
  Cell effective = EffectiveServerOf(cell, limits, varied);
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
  const auto differs = [&](Parameter parameter) { return cell[parameter] != effective[parameter]; };
  if (differs(Parameter::kFlashAttention) && cell.Sets(Parameter::kFlashAttention)) {
    return "this release has no flash attention on this hardware";
  }
  if (differs(Parameter::kKvCacheType) && cell.Sets(Parameter::kKvCacheType)) {
    return "without flash attention this release takes kv_cache_type as f16";
  }
  for (const ParameterInfo& info : AllParameters()) {
    if (info.scope == Scope::kServer && differs(info.parameter)) {
      return fmt::format("{} auto is {} in this release", info.key,
                         FormatValue(info.parameter, effective[info.parameter]));
    }
  }
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
  const Cell varied = VariedBy(cells);
  std::vector<Alias> aliases;
  for (const Cell& cell : cells) {
    const Cell effective = EffectiveOf(cell, limits, varied, all_layers);
    if (effective == cell) continue;
    if (!present.contains(effective) && !IsRaised(cell, limits)) continue;
    aliases.push_back({cell, effective, ReasonOf(cell, effective)});
  }
  return aliases;
}

}  // namespace ollama_bench
