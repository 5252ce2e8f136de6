#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>

#include "ollama_bench/analysis/load_units.h"
#include "ollama_bench/core/axis.h"
#include "ollama_bench/core/clock.h"
#include "ollama_bench/core/strategy.h"
#include "ollama_bench/search/search.h"

namespace ollama_bench {

/// When a search ends, beside its certificate.
struct TuneLimits {
  std::optional<std::size_t> measurements;  ///< of this start at most
  std::optional<std::chrono::nanoseconds> time;
  bool stop_when_certified = true;
};

/// Measurements that a start makes at most where the user names no budget.
inline constexpr std::size_t kUsualTuneBudget = 80;

/// Feeds the search what is in a store, in the order of the loads; returns how many measurements.
std::size_t TeachSearch(Search& search, std::span<const CellResult> known,
                        Metric metric = Metric::kPromptEvalRate);

/// Lets a search choose the cells of a sweep: one visit is one load and one counted sample.
/// The search learns of every load once, whether this start measured it or an earlier one.
class TuneStrategy : public Strategy {
 public:
  /// Search and clock must outlive the object.
  /// `current`: the user's setting, measured three times, in the grid or not.
  /// More of `metric` is better.
  TuneStrategy(Search& search, TuneLimits limits, Clock& clock, std::optional<Cell> current,
               Metric metric = Metric::kPromptEvalRate);

  /// What earlier starts measured, in the order of their loads. Of cells outside `grid` only the
  /// current setting matters, and it does not count as known.
  void Learn(std::span<const CellResult> known, const Grid& grid);

  std::optional<Visit> Next() override;
  void Report(const CellResult& result) override;
  /// Measurements that the budget leaves; 0 where time alone is the limit.
  [[nodiscard]] std::size_t Remaining() const override;

  /// What the last visit brought; empty before the first.
  [[nodiscard]] const std::optional<Measurement>& last() const { return last_; }
  /// Measurements that the search knows of.
  [[nodiscard]] std::size_t measurements() const { return known_ + visits_; }

 private:
  [[nodiscard]] bool BudgetIsSpent() const;
  [[nodiscard]] bool IsEnding() const;
  std::optional<LoadUnit> Remember(const CellResult& result);
  [[nodiscard]] std::optional<Visit> NextOfCurrent() const;
  [[nodiscard]] std::optional<Visit> NextToConfirm() const;
  [[nodiscard]] Visit Again(const Cell& cell, SampleRole role) const;
  [[nodiscard]] int LoadsOf(const Cell& cell) const;

  Search& search_;
  TuneLimits limits_;
  Clock& clock_;
  std::chrono::steady_clock::time_point began_;
  std::chrono::steady_clock::time_point visit_began_;
  std::optional<Cell> current_;
  Metric metric_;
  std::set<std::int64_t> loads_;     ///< that are known
  std::map<Cell, int> loads_of_;     ///< how many of each cell
  std::map<Cell, int> failures_of_;  ///< in a row, of this start
  std::set<Cell> decoded_;           ///< that have a decode rate
  std::size_t known_ = 0;
  std::size_t visits_ = 0;
  std::optional<Measurement> last_;
};

}  // namespace ollama_bench
