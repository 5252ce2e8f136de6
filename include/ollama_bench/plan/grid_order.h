#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "ollama_bench/core/strategy.h"

namespace ollama_bench {

/// Visits the given cells once, in their order, whatever they bring.
class GridOrder : public Strategy {
 public:
  explicit GridOrder(std::vector<Cell> cells);

  std::optional<Visit> Next() override;
  void Report(const CellResult& result) override;
  /// Cells that Next has not returned yet.
  [[nodiscard]] std::size_t Remaining() const override;

 private:
  std::vector<Cell> cells_;
  std::size_t next_ = 0;
};

}  // namespace ollama_bench
