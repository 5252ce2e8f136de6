#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "ollama_bench/core/axis.h"
#include "ollama_bench/core/cell.h"

// What tables of the same axes, each held at other values, are called.
namespace ollama_bench {

/// What the tables are held at.
std::set<int> HeldValues(std::span<const Grid> grids, Parameter parameter);
/// What all of them are held at.
Cell HeldByAll(std::span<const Grid> grids);
/// "num_thread 4", "use_mmap auto": what sets each apart from the others; none for one alone.
std::vector<std::vector<std::string>> FacetPhrases(std::span<const Grid> grids);

}  // namespace ollama_bench
