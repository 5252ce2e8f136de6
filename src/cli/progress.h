#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/clock.h"
#include "ollama_bench/core/metric.h"
#include "ollama_bench/sweep/observer.h"

namespace ollama_bench {

/// How far a sweep is, for whichever way it is shown.
struct ProgressState {
  Metric metric = Metric::kPromptEvalRate;  ///< that cells are compared by; more is better
  /// What is counted in place of cells: each visit of a level of load is a window of its own.
  bool counts_windows = false;
  std::size_t total = 0;  ///< cells of the grid
  std::size_t done = 0;   ///< of them finished, in earlier starts too
  std::size_t left = 0;   ///< visits that this start still has to make, the present one included
  std::optional<Cell> present_setting;  ///< where it is no cell of the grid
  Cell cell;
  SampleRole role = SampleRole::kMeasure;  ///< of the present visit
  std::optional<Phase> phase;
  int run = 0;
  std::vector<double> cell_rates;  ///< counted samples of the present cell
  std::optional<Cell> best;
  double best_rate = 0;
  bool best_is_verified =
      false;  ///< an unverified reading is the best only while there are no others

  std::chrono::steady_clock::time_point cell_started;
  std::vector<std::chrono::nanoseconds> cell_times;  ///< of the cells measured in this start

  /// Whether the present visit counts for `done`: the pass of the grid, nothing beside it.
  [[nodiscard]] bool IsOfTheGrid() const;
  /// Takes `result` as the best so far if it is a cell of the grid and the best.
  void ConsiderBest(const CellResult& result);
  /// Median cell time of this start times the cells left; empty before the first cell is done.
  [[nodiscard]] std::optional<std::chrono::duration<double>> TimeLeft() const;
};

/// Keeps a ProgressState up to date; the ways to show it derive from it.
class ProgressObserver : public Observer {
 public:
  ProgressObserver(ProgressState state, Clock& clock) : state_(std::move(state)), clock_(clock) {}

  void OnCellStart(const Visit& visit, std::size_t remaining) override;
  void OnPhase(Phase phase, int run) override;
  void OnSample(const Cell& cell, const Sample& sample) override;
  void OnCellEnd(const CellResult& result) override;

 protected:
  [[nodiscard]] const ProgressState& state() const { return state_; }
  [[nodiscard]] Clock& clock() const { return clock_; }

 private:
  ProgressState state_;
  Clock& clock_;
};

/// What a visit that is not of the grid is made for: "current setting", "confirm", "control".
std::string_view VisitName(const ProgressState& state);

/// "83.34 tokens/s", or "failed: out of memory (…)".
std::string DescribeResult(const CellResult& result, Metric metric);
/// The same of the present visit alone.
std::string DescribeVisit(const ProgressState& state, const CellResult& result);

}  // namespace ollama_bench
