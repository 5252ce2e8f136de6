#pragma once

#include <cstddef>
#include <vector>

#include "ollama_bench/analysis/best_set.h"

namespace ollama_bench {

/// The test behind FindBestSet: which cells lead which, and whether luck explains it. Cells whose
/// estimates carry the same shares of noise form a group; all that depends on the noise alone is
/// computed once per group.
class LeadTest {
 public:
  LeadTest(const std::vector<CellEstimate>& estimates, const NoiseModel& noise,
           bool higher_is_better, const Demand& demand);

  /// For each cell, whether it is not shown to lose more than the threshold.
  [[nodiscard]] std::vector<bool> Survivors();

 private:
  struct Group {
    NoiseShares shares;
    std::vector<std::size_t> cells;  // by descending score
  };

  void MakeGroups(const std::vector<CellEstimate>& estimates);
  [[nodiscard]] const StandardError& Error(std::size_t group, std::size_t other) const {
    return errors_[group * groups_.size() + other];
  }
  [[nodiscard]] double LargestLead(std::size_t cell) const;
  void DrawLuck(const std::vector<std::size_t>& undecided);
  void DecideGroup(std::size_t own, const std::vector<bool>& undecided, std::vector<bool>& result);
  [[nodiscard]] double CriticalLead(std::size_t cell,
                                    const std::vector<std::vector<float>>& highest) const;

  const NoiseModel& noise_;
  Demand demand_;
  double slack_;                // the threshold on the log scale
  std::vector<double> scores_;  // higher is better
  std::vector<std::size_t> group_of_;
  std::vector<Group> groups_;
  std::vector<StandardError> errors_;  // of differences between two groups
  std::size_t draws_ = 0;
  std::vector<std::vector<float>> luck_;         // per cell, standard normal; empty: too far below
  std::vector<std::vector<double>> deviations_;  // per group and draw, of one cell's estimate
};

}  // namespace ollama_bench
