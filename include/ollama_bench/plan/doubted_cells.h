#pragma once

#include <cstddef>
#include <map>
#include <vector>

#include "ollama_bench/core/cell.h"

namespace ollama_bench {

/// How far below what its neighbours suggest a reading has to lie to be doubted, relative.
inline constexpr double kDoubtedDip = 0.05;

/// Cells whose reading looks like a slow moment of the machine rather than like the cell: it lies
/// kDoubtedDip or more below what the neighbours along one of the axes suggest, and would be near
/// the best (within `margin`, relative) were they right. `rates` are in tokens/s, one for each cell
/// that has a reading. Between two neighbours the lower one suggests, so that the foot of a cliff
/// is not doubted but where it meets an edge; at an edge the next two, continued in a straight
/// line, but never more than the next one. At most `most` cells, those of which the most is
/// suggested first.
std::vector<Cell> DoubtedCells(const std::map<Cell, double>& rates, double margin,
                               std::size_t most);

}  // namespace ollama_bench
