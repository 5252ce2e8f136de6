#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "ollama_bench/core/axis.h"
#include "ollama_bench/core/metric.h"
#include "ollama_bench/core/random.h"
#include "ollama_bench/core/strategy.h"

namespace ollama_bench {

struct RaceOptions {
  std::optional<int> repetitions;  ///< counted samples of a load; empty: by the run's length
  /// Extra loads after the pass at most, those of earlier starts included.
  std::size_t extra = 0;
  std::optional<Cell> current;  ///< the user's setting and control cell, in the grid or not
  Space planned;                ///< whose cells may be recommended
  std::uint64_t seed = 1;       ///< of the order within a block
  Metric metric = Metric::kPromptEvalRate;  ///< by which cells are compared; more is better
};

/// How many extra loads a grid of so many cells gets where the user names no number.
std::size_t UsualExtra(std::size_t cells);

/// Visits the pending cells of a grid once, in their order, with the control cell first, after
/// every 12th visit and last; then races the candidates in randomised blocks: each block visits
/// every candidate, the current setting and the largest context that may lose nothing once, back to
/// back in random order, so that a slow moment of the machine meets all of them alike. 12, then 6,
/// then 3 candidates, until the questions of a Decision are answered or the extra loads are spent.
/// What earlier starts measured counts. A reading far below those beside it is repeated at once,
/// and where it stays, the control cell shows whether it is the cell or the machine.
class BlockRace : public Strategy {
 public:
  /// `pending`: what the pass has to visit. `known`: what the store holds, of any cell.
  BlockRace(std::vector<Cell> pending, const std::vector<CellResult>& known, RaceOptions options);

  std::optional<Visit> Next() override;
  void Report(const CellResult& result) override;
  [[nodiscard]] std::size_t Remaining() const override;

  /// Whether Next has nothing to return.
  [[nodiscard]] bool IsOver();
  /// Cells of the grid that this start measures for the first time.
  [[nodiscard]] std::size_t PassLength() const { return pass_length_; }
  /// Whether this start measures the current setting, which has no result yet.
  [[nodiscard]] bool MeasuresCurrentFirst() const { return is_current_new_; }

 private:
  [[nodiscard]] std::optional<Visit> NextOfPass();
  [[nodiscard]] std::optional<Visit> NextOfBlock();
  [[nodiscard]] bool ControlIsDue() const;
  [[nodiscard]] bool IsFarBelowNeighbours(const Cell& cell) const;
  [[nodiscard]] Visit Again(const Cell& cell, SampleRole role) const;
  [[nodiscard]] bool SaysNothing(const Cell& cell) const;
  [[nodiscard]] bool LacksDecodeRate(const Cell& cell) const;
  void AfterExtra(const Cell& cell, bool brought_a_load);
  void PlanBlock();

  std::vector<Cell> pass_;
  std::size_t next_ = 0;
  std::size_t pass_length_ = 0;
  RaceOptions options_;
  std::map<Cell, CellResult> known_;
  bool is_current_new_ = false;
  std::size_t since_control_ = 0;  ///< visits of the pass
  bool pass_has_begun_ = false;
  bool pass_has_ended_ = false;
  std::deque<Visit> at_once_;  ///< before anything else
  std::deque<Cell> block_;
  std::set<Cell> repeated_;       ///< in this block, after a visit that brought no load
  std::set<Cell> doubted_;        ///< whose reading was repeated at once
  std::optional<Visit> present_;  ///< handed out, not yet reported
  std::size_t loads_before_ = 0;  ///< of that visit's cell
  std::size_t spent_ = 0;         ///< extra loads
  int blocks_ = 0;                ///< planned so far
  bool is_over_ = false;
  Random random_;
};

/// A race for each stratum (core/stratum.h), taken in turns, so that in the pass the cells of one
/// setting follow each other and need one load of the model. With one stratum it is that race.
class StratifiedRace : public Strategy {
 public:
  /// As for BlockRace; `options.current` is the user's setting, without the values of a request,
  /// and the strata share `options.extra` evenly.
  StratifiedRace(const std::vector<Cell>& pending, const std::vector<CellResult>& known,
                 const RaceOptions& options);

  std::optional<Visit> Next() override;
  void Report(const CellResult& result) override;
  [[nodiscard]] std::size_t Remaining() const override;

  /// Whether Next has nothing to return.
  [[nodiscard]] bool IsOver();
  /// Cells of the space that this start measures for the first time.
  [[nodiscard]] std::size_t PassLength() const;
  /// Whether this start measures the current setting, which has no result yet.
  [[nodiscard]] bool MeasuresCurrentFirst() const;

 private:
  std::deque<BlockRace> races_;
  std::size_t turn_ = 0;
  std::size_t asked_ = 0;  ///< whose visit was handed out last
};

}  // namespace ollama_bench
