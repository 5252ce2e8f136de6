#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <vector>

#include "ollama_bench/core/strategy.h"

namespace ollama_bench {

struct SweepOrderOptions {
  std::optional<int> repetitions;  ///< as configured; empty: decided by the run's length
  /// Separate loads for each leader after the pass; 0: none, and no second looks.
  int confirm = 0;
  std::optional<Cell> baseline;  ///< what the user has; measured first and confirmed too
  int visits_per_control = 20;   ///< a control visit after so many of the pass; 0: none
};

/// The most leaders that are confirmed, and how far behind the best one may be, relative.
inline constexpr std::size_t kMostLeaders = 5;
inline constexpr double kLeaderMargin = 0.15;
/// One of so many cells may get a second look, and kMostLeaders in any case.
inline constexpr std::size_t kCellsPerSecondLook = 20;

/// Visits the pending cells of a grid once, in their order; in between, now and then, a control
/// cell again, to see the machine drift; then once the cells whose reading looks like a slow
/// moment (DoubtedCells), or the best one could be lost in it; then the leaders, with separate
/// loads, in turn, so that a mood of the machine meets them all. What earlier starts measured
/// counts: an interrupted order goes on where it was.
class SweepOrder : public Strategy {
 public:
  /// `pending` are the cells that the pass still has to visit; `known` is what the store holds. A
  /// baseline whose cell is known already is not measured again before the pass.
  SweepOrder(std::vector<Cell> pending, const std::vector<CellResult>& known,
             SweepOrderOptions options);

  std::optional<Visit> Next() override;
  void Report(const CellResult& result) override;
  [[nodiscard]] std::size_t Remaining() const override;

  /// Visits of the pass that this start makes.
  [[nodiscard]] std::size_t PassLength() const { return pass_.size(); }
  /// The baseline, where this start measures it before the pass.
  [[nodiscard]] const std::optional<Cell>& FirstMeasured() const { return first_measured_; }

 private:
  [[nodiscard]] bool ControlIsDue() const;
  [[nodiscard]] std::optional<Cell> FindControl() const;
  [[nodiscard]] std::vector<Cell> FindDoubted() const;
  [[nodiscard]] bool LacksSecondLook(const Cell& cell) const;
  [[nodiscard]] std::optional<Visit> NextSecondLook() const;
  [[nodiscard]] std::vector<Cell> FindLeaders(const std::vector<Cell>& doubted) const;
  [[nodiscard]] bool IsAhead(const Cell& cell) const;
  [[nodiscard]] std::size_t MostConfirmed() const;
  [[nodiscard]] std::optional<Visit> NextConfirm() const;
  [[nodiscard]] Visit Again(const Cell& cell, SampleRole role) const;

  std::vector<Cell> pass_;
  std::optional<Cell> first_measured_;
  std::size_t next_ = 0;
  SweepOrderOptions options_;
  std::map<Cell, CellResult> known_;
  std::size_t passed_ = 0;                    ///< visits of the pass since the last control
  std::optional<std::vector<Cell>> doubted_;  ///< once the pass is over
  std::optional<std::vector<Cell>> leaders_;  ///< once the doubted ones were looked at again
  std::map<Cell, std::size_t> attempted_;     ///< confirm visits of this start
};

}  // namespace ollama_bench
