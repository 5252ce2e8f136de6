#pragma once

#include <Eigen/Dense>
#include <cstddef>
#include <memory>
#include <vector>

#include "search_grid.h"
#include "search_model.h"

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

/// What narrow islands of fast cells would be worth that nothing in the model hints at: one more,
/// anywhere, on top of what the model holds. Visits nearby that exceed the model speak for it,
/// those that fall short of it against it. The grid must outlive it.
class IslandScan {
 public:
  explicit IslandScan(const SearchGrid& grid);

  /// By cell: how much faster than the leader the answer is expected to become, relative, if a
  /// visit finds an island; 0 but on a lattice of cells. `belief` has a leader. Source: the Bayes
  /// factor of a term more in a linear model, as in StepScan; expected improvement.
  [[nodiscard]] std::vector<double> Gains(const ValueModel& values,
                                          const SearchBelief& belief) const;

 private:
  std::size_t cells_;
  Islands islands_;
  Eigen::MatrixXd at_tops_;  ///< the islands' heights, by top and island
};

}  // namespace ollama_bench
