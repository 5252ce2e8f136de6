#pragma once

#include <set>
#include <vector>

#include "ollama_bench/core/cell.h"

namespace ollama_bench {

/// The cells beside a cell along both axes, whose values are those of the cells added.
class CellNeighbours {
 public:
  void Add(const Cell& cell);
  /// Up to four, whether added or not; along an axis none where its value of `cell` is not known.
  [[nodiscard]] std::vector<Cell> Of(const Cell& cell) const;

 private:
  std::set<int> num_ctx_;
  std::set<int> num_batch_;
};

}  // namespace ollama_bench
