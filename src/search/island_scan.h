#pragma once

#include <Eigen/Dense>
#include <cstddef>
#include <vector>

#include "islands.h"
#include "search_model.h"

namespace ollama_bench {

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
