#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "ollama_bench/core/axis.h"
#include "ollama_bench/core/cell.h"

namespace ollama_bench {

/// One axis of a search: its values ascending, and where each is.
struct SearchAxis {
  std::vector<int> values;       ///< ascending
  std::vector<double> position;  ///< by index, first 0, last 1; all 0 on an axis of one value
  std::vector<double> measure;   ///< by value (tokens), first 0, last 1
};

/// The cells of a grid, numbered 0 to CellCount() − 1: all num_batch of the smallest num_ctx first.
class SearchGrid {
 public:
  explicit SearchGrid(const Grid& grid);

  [[nodiscard]] std::size_t CellCount() const { return ctx_.values.size() * batch_.values.size(); }
  [[nodiscard]] const SearchAxis& ctx() const { return ctx_; }
  [[nodiscard]] const SearchAxis& batch() const { return batch_; }

  [[nodiscard]] std::size_t CtxIndex(std::size_t cell) const { return cell / batch_.values.size(); }
  [[nodiscard]] std::size_t BatchIndex(std::size_t cell) const {
    return cell % batch_.values.size();
  }
  [[nodiscard]] std::size_t At(std::size_t ctx_index, std::size_t batch_index) const {
    return ctx_index * batch_.values.size() + batch_index;
  }
  [[nodiscard]] Cell CellAt(std::size_t cell) const;
  /// Empty where `cell` is not of this grid.
  [[nodiscard]] std::optional<std::size_t> Find(Cell cell) const;
  /// Squared distance of two cells, each axis 1 long.
  [[nodiscard]] double SquaredDistance(std::size_t a, std::size_t b) const;

 private:
  SearchAxis ctx_;
  SearchAxis batch_;
};

}  // namespace ollama_bench
