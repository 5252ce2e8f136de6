#pragma once

#include <vector>

#include "ollama_bench/core/strategy.h"

namespace ollama_bench {

/// Names the cells that a test lists, and remembers what was reported of them.
class ListedCells : public Strategy {
 public:
  explicit ListedCells(const std::vector<Cell>& cells) {
    for (const Cell& cell : cells) visits_.push_back({cell, SampleRole::kMeasure, std::nullopt});
  }
  explicit ListedCells(std::vector<Visit> visits) : visits_(std::move(visits)) {}

  std::optional<Visit> Next() override {
    if (next_ == visits_.size()) return std::nullopt;
    return visits_[next_++];
  }
  void Report(const CellResult& result) override { reported.push_back(result); }
  [[nodiscard]] std::size_t Remaining() const override { return visits_.size() - next_; }

  std::vector<CellResult> reported;

 private:
  std::vector<Visit> visits_;
  std::size_t next_ = 0;
};

}  // namespace ollama_bench
