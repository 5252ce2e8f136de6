#include "ollama_bench/plan/grid_order.h"

#include <utility>

namespace ollama_bench {

GridOrder::GridOrder(std::vector<Cell> cells) : cells_(std::move(cells)) {}

std::optional<Visit> GridOrder::Next() {
  if (next_ == cells_.size()) return std::nullopt;
  return Visit{cells_[next_++], SampleRole::kMeasure, std::nullopt};
}

void GridOrder::Report(const CellResult& /*result*/) {}

std::size_t GridOrder::Remaining() const {
  return cells_.size() - next_;
}

}  // namespace ollama_bench
