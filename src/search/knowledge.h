#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <vector>

#include "gain.h"
#include "ollama_bench/search/search.h"
#include "search_grid.h"
#include "search_model.h"

namespace ollama_bench {

/// What a search has been told, and what the model makes of it; worked out when it is asked for.
class Knowledge {
 public:
  Knowledge(const Grid& grid, const SearchOptions& options);

  void Observe(const Measurement& measurement);
  void Exclude(const Cell& cell);

  [[nodiscard]] const SearchGrid& grid() const { return grid_; }
  [[nodiscard]] const ValueModel& values() const { return model_.values(); }
  /// How many measurements said something of their cell.
  [[nodiscard]] std::size_t Measured() const { return history_.size(); }
  /// The cells that they were made of, each once.
  [[nodiscard]] const std::vector<std::size_t>& visited() const { return visited_; }
  [[nodiscard]] bool IsBarred(std::size_t cell) const { return barred_[cell]; }
  [[nodiscard]] bool AllBarred() const { return FirstOpen() == barred_.size(); }
  /// The first cell that may be visited; the number of cells where there is none.
  [[nodiscard]] std::size_t FirstOpen() const;

  const SearchBelief& Belief();
  /// After the first `count` measurements.
  const Certainty& CertaintyAfter(std::size_t count);
  const Certainty& CertaintyNow() { return CertaintyAfter(history_.size()); }
  [[nodiscard]] bool IsUnvisited(std::size_t cell);
  /// By cell: the chance that it loads and is in the fast regime, 0 for those not to be visited.
  std::vector<double> Chances();
  /// What a visit is expected to cost, in units of a successful one.
  [[nodiscard]] double RelativeCost(double p_feasible) const;

 private:
  struct MeanCost {
    double sum = 0.0;  ///< seconds
    double count = 0.0;
    void Add(double cost) {
      sum += cost;
      count += 1.0;
    }
    [[nodiscard]] double Mean() const { return sum / count; }
  };

  SearchGrid grid_;
  double tolerance_;
  SearchModel model_;
  CertaintySampler sampler_;
  std::vector<Observation> history_;
  std::vector<std::size_t> visited_;
  MeanCost success_cost_;
  MeanCost failure_cost_;
  std::vector<bool> barred_;  ///< cannot be measured, for reasons of its own
  SearchBelief belief_;
  std::size_t belief_for_ = static_cast<std::size_t>(-1);
  std::map<std::size_t, Certainty> certainties_;
};

}  // namespace ollama_bench
