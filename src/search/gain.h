#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "search_model.h"

namespace ollama_bench {

/// What joint draws of the cells that could be best say of the leader.
struct Certainty {
  double probability = 0.0;               ///< that the leader is within the tolerance of the best
  std::vector<std::size_t> equals;        ///< measured, not shown to be slower by the tolerance
  std::optional<std::size_t> challenger;  ///< the cell that beats the leader most often
};

/// Draws the values of the cells from a belief. The random numbers are drawn once, so that from one
/// measurement to the next only the belief changes.
class CertaintySampler {
 public:
  explicit CertaintySampler(std::uint64_t seed);

  /// `belief`, made by `model`, has a leader.
  [[nodiscard]] Certainty Draw(const SearchModel& model, const SearchBelief& belief,
                               double tolerance) const;

 private:
  Eigen::MatrixXd normal_;      ///< by candidate and draw
  std::vector<double> chance_;  ///< by draw: how likely a cell must be possible to take part
};

/// By cell: how much faster than the leader the answer is expected to become, relative, when the
/// cell or the leader is visited once more, whichever informs more about their difference. 0 for
/// the leader and for cells that cannot be or are not likely to be fast. `belief` has a leader.
/// Source: the knowledge gradient for correlated beliefs (Frazier, Powell and Dayanik, 2009), for
/// each cell as if it and the leader were alone.
std::vector<double> ExpectedGains(const ValueModel& values, const SearchBelief& belief);

/// The variance that one more visit of `at` is expected to take from the difference of two cells.
double Told(const ValueModel& values, const SearchBelief& belief, std::size_t at, std::size_t a,
            std::size_t b);

}  // namespace ollama_bench
