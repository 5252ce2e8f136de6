#pragma once

#include <Eigen/Dense>
#include <cstddef>
#include <memory>
#include <vector>

#include "search_grid.h"

namespace ollama_bench {

/// A narrow region of fast cells: a bump of the log rate that falls from its top to nothing.
struct Island {
  std::size_t top = 0;  ///< cell
  double reach = 0.0;   ///< where it ends, from the top, each axis 1 long
};

/// The islands that are looked for: a lattice of tops, with each a few reaches. The grid must
/// outlive it.
class Islands {
 public:
  explicit Islands(const SearchGrid& grid);

  [[nodiscard]] const std::vector<Island>& all() const { return islands_; }
  [[nodiscard]] const std::vector<std::size_t>& tops() const { return tops_; }
  /// Relative to the top's, 0 to 1.
  [[nodiscard]] double Height(const Island& island, std::size_t cell) const;
  /// By cell of `cells` and island.
  [[nodiscard]] Eigen::MatrixXd Heights(const std::vector<std::size_t>& cells) const;
  /// By cell of the grid.
  [[nodiscard]] std::shared_ptr<const Eigen::VectorXd> Shape(const Island& island) const;

 private:
  const SearchGrid* grid_;
  std::vector<std::size_t> tops_;
  std::vector<Island> islands_;
};

}  // namespace ollama_bench
