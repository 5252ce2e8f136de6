#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <vector>

#include "ollama_bench/analysis/verdict.h"
#include "ollama_bench/core/strategy.h"

namespace ollama_bench {

struct RaceOptions {
  std::optional<int> repetitions;  ///< counted samples of a load; empty: by the run's length
  std::size_t extra = 0;        ///< loads after the pass at most, those of earlier starts included
  std::optional<Cell> current;  ///< the user's setting: the control cell, in the grid or not
  std::uint64_t seed = 1;       ///< of the order within a block
};

/// How many extra loads a grid of so many cells gets where the user names no number.
std::size_t UsualExtra(std::size_t cells);

/// Visits the pending cells of a grid once, in their order, with the control cell first, after
/// every 12th visit and last; then races the candidates in randomised blocks: each block visits
/// every candidate, the current setting and the largest context that may lose nothing once, back to
/// back in random order, so that a slow moment of the machine meets all of them alike. 12, then 6,
/// then 3 candidates, until the questions of a Decision are answered or the extra loads are spent.
/// What earlier starts measured counts.
class BlockRace : public Strategy {
 public:
  /// `pending`: what the pass has to visit. `known`: what the store holds, of any cell.
  BlockRace(std::vector<Cell> pending, const std::vector<CellResult>& known, RaceOptions options);

  std::optional<Visit> Next() override;
  void Report(const CellResult& result) override;
  [[nodiscard]] std::size_t Remaining() const override;

  /// Cells of the pass that this start visits, without the current setting where it is off the
  /// grid.
  [[nodiscard]] std::size_t PassLength() const { return pass_.size(); }
  /// Whether this start measures the current setting before the pass, for the first time.
  [[nodiscard]] bool MeasuresCurrentFirst() const { return is_current_new_; }

 private:
  [[nodiscard]] std::optional<Visit> NextOfPass();
  [[nodiscard]] std::optional<Visit> NextOfBlock();
  [[nodiscard]] bool ControlIsDue() const;
  [[nodiscard]] bool HasRate(const Cell& cell) const;
  [[nodiscard]] bool IsFarBelowNeighbours(const Cell& cell) const;
  [[nodiscard]] Visit Again(const Cell& cell, SampleRole role) const;
  [[nodiscard]] std::optional<double> FirstReading(const Cell& cell) const;
  void PlanBlock();
  [[nodiscard]] std::vector<Cell> FirstCandidates(const SweepModel& model,
                                                  const Decision& decision) const;

  std::vector<Cell> pass_;
  std::size_t next_ = 0;
  RaceOptions options_;
  std::map<Cell, CellResult> known_;
  std::set<Cell> grid_;  ///< known or pending, without a current setting that is neither
  bool is_current_new_ = false;
  std::size_t since_control_ = 0;  ///< visits of the pass
  bool pass_has_begun_ = false;
  bool pass_has_ended_ = false;
  std::deque<Visit> at_once_;  ///< before anything else
  std::deque<Cell> block_;
  std::set<Cell> repeated_;       ///< in this block, after a failed visit
  std::set<Cell> doubted_;        ///< readings that were repeated at once
  std::optional<Visit> present_;  ///< handed out, not yet reported
  std::size_t units_before_ = 0;  ///< of that visit's cell
  std::size_t spent_ = 0;         ///< extra loads
  int stage_ = 0;                 ///< blocks made
  bool is_over_ = false;
  std::mt19937_64 engine_;
};

}  // namespace ollama_bench
