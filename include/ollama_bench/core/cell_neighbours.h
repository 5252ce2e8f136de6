#pragma once

#include <array>
#include <set>
#include <vector>

#include "ollama_bench/core/cell.h"

namespace ollama_bench {

/// The cells beside a cell along each axis of counts, whose values are those of the cells added.
class CellNeighbours {
 public:
  void Add(const Cell& cell);
  /// At most two an axis, whether added or not; along an axis none where its value of `cell` is not
  /// known.
  [[nodiscard]] std::vector<Cell> Of(const Cell& cell) const;

 private:
  std::array<std::set<int>, kParameterCount> values_;
};

}  // namespace ollama_bench
