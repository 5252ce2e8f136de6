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

/// The cells of a grid, numbered 0 to CellCount() − 1: all of the smallest value across first.
class SearchGrid {
 public:
  explicit SearchGrid(const Grid& grid);

  [[nodiscard]] std::size_t CellCount() const {
    return across_.values.size() * down_.values.size();
  }
  [[nodiscard]] const SearchAxis& across() const { return across_; }
  [[nodiscard]] const SearchAxis& down() const { return down_; }

  [[nodiscard]] std::size_t AcrossIndex(std::size_t cell) const {
    return cell / down_.values.size();
  }
  [[nodiscard]] std::size_t DownIndex(std::size_t cell) const { return cell % down_.values.size(); }
  [[nodiscard]] std::size_t At(std::size_t across_index, std::size_t down_index) const {
    return across_index * down_.values.size() + down_index;
  }
  [[nodiscard]] Cell CellAt(std::size_t cell) const;
  /// Empty where `cell` is not of this grid.
  [[nodiscard]] std::optional<std::size_t> Find(Cell cell) const;
  /// Squared distance of two cells, each axis 1 long.
  [[nodiscard]] double SquaredDistance(std::size_t a, std::size_t b) const;

 private:
  Parameter across_parameter_;
  Parameter down_parameter_;
  Cell fixed_;
  SearchAxis across_;
  SearchAxis down_;
};

}  // namespace ollama_bench
