#include "ollama_bench/analysis/server_memory.h"

#include <algorithm>
#include <map>

#include "ollama_bench/analysis/cell_estimate.h"
#include "ollama_bench/core/stratum.h"

namespace ollama_bench {
namespace {

constexpr double kWhole = 0.995;

struct Parts {
  Cell server;
  Cell rest;
};

Parts SplitOf(const Cell& cell) {
  Parts parts{Cell(), cell};
  for (const ParameterInfo& info : AllParameters()) {
    if (info.scope != Scope::kServer) continue;
    parts.server.Set(info.parameter, cell[info.parameter]);
    parts.rest.Set(info.parameter, kAutoValue);
  }
  return parts;
}

// Sizes by the server's setting and the rest of the cell.
using Sizes = std::map<Cell, std::map<Cell, CellServing>>;

Sizes SizesOf(const std::vector<CellResult>& results) {
  Sizes sizes;
  for (const CellResult& result : results) {
    const CellServing serving = ServingOf(result);
    if (result.alias_of || !serving.memory_bytes) continue;
    const Parts parts = SplitOf(result.cell);
    sizes[parts.server][parts.rest] = serving;
  }
  return sizes;
}

// The rest that most settings share; of several, that of the largest context.
std::optional<Cell> SharedBy(const Sizes& sizes) {
  std::map<Cell, std::size_t> counts;
  for (const auto& [server, of_rest] : sizes) {
    for (const auto& [rest, serving] : of_rest) ++counts[rest];
  }
  const auto best =
      std::max_element(counts.begin(), counts.end(), [](const auto& a, const auto& b) {
        if (a.second != b.second) return a.second < b.second;
        return a.first[Parameter::kNumCtx] < b.first[Parameter::kNumCtx];
      });
  if (best == counts.end() || best->second < 2) return std::nullopt;
  return best->first;
}

std::optional<int> LargestOnGpu(const std::map<Cell, CellServing>& of_rest) {
  std::optional<int> largest;
  for (const auto& [rest, serving] : of_rest) {
    const bool is_whole = serving.gpu_share.value_or(0) >= kWhole;
    if (!is_whole || !rest.Sets(Parameter::kNumCtx)) continue;
    largest = std::max(largest.value_or(0), rest[Parameter::kNumCtx]);
  }
  return largest;
}

}  // namespace

std::optional<MemoryComparison> CompareMemory(const std::vector<CellResult>& results) {
  const Sizes sizes = SizesOf(results);
  const auto shared = SharedBy(sizes);
  if (!shared) return std::nullopt;
  MemoryComparison comparison{*shared, {}};
  for (const auto& [server, of_rest] : sizes) {
    const auto found = of_rest.find(*shared);
    if (found == of_rest.end()) continue;
    comparison.settings.push_back({server, *found->second.memory_bytes, LargestOnGpu(of_rest)});
  }
  return comparison;
}

}  // namespace ollama_bench
