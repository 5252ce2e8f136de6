#pragma once

#include <Eigen/Dense>
#include <cstddef>
#include <vector>

#include "islands.h"
#include "search_grid.h"
#include "value_model.h"

namespace ollama_bench {

/// Finds the steps that explain data best, of all that split the measured cells by a line of need
/// and of the islands. One step more is a change of the covariance by rank 1, so that all lines
/// cost little more than one inverse; an island is one but for details of its shape.
class StepScan {
 public:
  explicit StepScan(const SearchGrid& grid);

  /// The components with one step more than `hyper` and `steps`, at most `most`, best first.
  [[nodiscard]] std::vector<ValueComponent> Extend(ValueEvidence& evidence, const ValueHyper& hyper,
                                                   const ValueSteps& steps, std::size_t most) const;

 private:
  std::vector<Eigen::VectorXd> needs_;  ///< by direction and cell, 0 to 1
  Islands islands_;
};

}  // namespace ollama_bench
