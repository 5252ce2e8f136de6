#pragma once

#include <vector>

#include "ollama_bench/core/strategy.h"

namespace ollama_bench {

/// Names the cells that a test lists, and remembers what was reported of them.
class ListedCells : public Strategy {
 public:
  explicit ListedCells(std::vector<Cell> cells) : cells_(std::move(cells)) {}

  std::optional<Cell> Next() override {
    if (next_ == cells_.size()) return std::nullopt;
    return cells_[next_++];
  }
  void Report(const CellResult& result) override { reported.push_back(result); }
  [[nodiscard]] std::size_t Remaining() const override { return cells_.size() - next_; }

  std::vector<CellResult> reported;

 private:
  std::vector<Cell> cells_;
  std::size_t next_ = 0;
};

}  // namespace ollama_bench
