#pragma once

#include <utility>
#include <vector>

#include "ollama_bench/core/axis.h"

namespace ollama_bench {

/// The grid of num_ctx across and num_batch down.
inline Grid PairGrid(std::vector<int> num_ctx, std::vector<int> num_batch) {
  return {
      {Parameter::kNumCtx, std::move(num_ctx)}, {Parameter::kNumBatch, std::move(num_batch)}, {}};
}

/// The grid's cells as a space: its two axes, then those of one value.
inline Space SpaceOf(const Grid& grid) {
  Space space{{grid.across, grid.down}};
  for (const ParameterInfo& info : AllParameters()) {
    if (grid.fixed.Sets(info.parameter)) space.Set(info.parameter, {grid.fixed[info.parameter]});
  }
  return space;
}

/// The same of the pair.
inline Space PairSpace(std::vector<int> num_ctx, std::vector<int> num_batch) {
  return SpaceOf(PairGrid(std::move(num_ctx), std::move(num_batch)));
}

}  // namespace ollama_bench
