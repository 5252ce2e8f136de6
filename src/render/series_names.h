#pragma once

#include <string>
#include <vector>

#include "ollama_bench/core/cell.h"

namespace ollama_bench {

/// What the cells have in common; `cells` has at least one.
Cell SharedBy(const std::vector<Cell>& cells);

/// What distinguishes a cell from others that share the rest: "num_ctx 4096".
std::string NameBeside(const Cell& cell, const Cell& shared);

/// What the series have in common; there is at least one.
template <class Series>
Cell SharedBySeries(const std::vector<Series>& all) {
  std::vector<Cell> cells;
  for (const Series& series : all) cells.push_back(series.common);
  return SharedBy(cells);
}

}  // namespace ollama_bench
