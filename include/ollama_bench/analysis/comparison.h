#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ollama_bench/analysis/cell_estimate.h"
#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/failure.h"
#include "ollama_bench/core/metric.h"
#include "ollama_bench/core/parameter.h"

namespace ollama_bench {

/// When a difference matters, and the confidence level.
struct Demand {
  double threshold = 0.01;  ///< a smaller change is none, relative
  double level = 0.95;
};

/// How something changed from the first sweep to the second.
struct Change {
  LogEstimate log;         ///< natural log of the ratio second / first of the metric
  double p_value = 1;      ///< two-sided, of the change where there is none
  bool is_called = false;  ///< significant, and larger than the practical threshold

  [[nodiscard]] double percent() const;  ///< of the metric; above 0: larger
  [[nodiscard]] Interval PercentInterval(double level) const;
};

/// Whether the change is called and for the worse by more than `loss`, even where it is smaller by
/// `margin` (on the log scale) than it reads. A time that grows by a factor counts as a speed that
/// shrinks by it.
bool IsLoss(const Change& change, Metric metric, double loss, double margin);

struct CellChange {
  CellEstimate first;
  CellEstimate second;
  Change change;
};

/// A cell that one sweep measured and the other tried in vain.
struct FailedCell {
  CellEstimate measured;  ///< of the sweep that measured it
  Failure failure;        ///< of the other one
};

/// How the loads of two values of a parameter lie in time, in one results file.
enum class VisitOrder {
  kInTurns,         ///< they alternate, so that both met the same drift of the machine
  kSeparate,        ///< one after the other for the most part
  kSeparateStarts,  ///< in starts that no cell joins: their levels can be compared by belief alone
  kUnknown,         ///< the file does not say when its loads were made
};
std::string_view KeyOf(VisitOrder order);

/// A cell whose both values amount to one measurement.
struct SameMeasurement {
  Cell cell;           ///< without the parameter
  std::string reason;  ///< as the alias has it: "num_batch above num_ctx"
};

/// What a comparison of two values of a parameter says besides (CompareValues).
struct ByValue {
  Parameter parameter{};
  int first = kAutoValue;
  int second = kAutoValue;
  VisitOrder order = VisitOrder::kUnknown;
  std::vector<SameMeasurement> same;  ///< ordered by cell; in none of the other lists
};

/// Two sweeps side by side, or two values of a parameter in one.
struct SweepComparison {
  Metric metric = Metric::kPromptEvalRate;
  Demand demand;
  NoiseModel noise;               ///< pooled over both
  std::vector<CellChange> cells;  ///< measured in both, ordered by cell
  std::optional<Change> overall;  ///< empty where no cell is in both
  std::vector<Cell> only_first;   ///< measured there alone
  std::vector<Cell> only_second;
  std::vector<FailedCell> now_failed;    ///< those of only_first that failed in the second
  std::vector<FailedCell> now_measured;  ///< those of only_second that failed in the first
  std::optional<ByValue> by;             ///< of one sweep: what is compared

  /// How sure a call of the overall change is, and so its interval: surer than one of a cell, for
  /// it has a fifth of the false calls.
  [[nodiscard]] double OverallLevel() const;
};

/// Compares the cells that both sweeps measured.
///
/// Two sweeps of which nothing changed bring a call, of whatever kind, with probability 1 - level
/// at most: the cells have four fifths of that, the overall change one fifth.
///
/// Per cell: the difference of the mean log values, its standard error from the noise pooled over
/// both sweeps, Student's t; called where the procedure of Benjamini and Hochberg (JRSS B 57, 1995)
/// over the grid rejects, and the change exceeds the threshold.
///
/// Overall: the mean of the paired differences. What is exchangeable under "nothing changed" is a
/// cell's pair of estimates, so their spread over the cells gives a standard error that also holds
/// where cells changed unequally; the pooled noise gives another, which does not starve with few
/// cells. The wider one counts. Neither covers a slow period of the machine that lasted a whole
/// sweep: one session each cannot distinguish it from a change.
SweepComparison CompareSweeps(const std::vector<CellResult>& first,
                              const std::vector<CellResult>& second, Metric metric,
                              const Demand& demand = {});

/// The values to compare, the first one as before and the second one as after.
struct ValuePair {
  Parameter parameter{};
  int first = kAutoValue;
  int second = kAutoValue;
};

/// Compares the cells of one results file that differ in the parameter alone, by the rules of
/// CompareSweeps. In the result no cell sets the parameter. A cell that is an alias answers as that
/// which was measured instead; where two pairs are the same measurements, overall and the number of
/// false calls count them once.
///
/// Both values share starts and machine: noise, drift and the levels of the starts are those of all
/// loads of the file, control visits and other values among them (DriftModel). So a drift that both
/// values met alike is in no difference, and one that could lie between separate stretches widens
/// the intervals.
SweepComparison CompareValues(const std::vector<CellResult>& results, const ValuePair& by,
                              Metric metric, const Demand& demand = {});

/// Whether things got worse by more than `loss` (0.05: 5 %): overall by a called change, or in one
/// cell, where the whole interval has to lie beyond, for the worst of many readings is worse than
/// the truth. A cell that was measured and now fails is worse than any loss; one that was not tried
/// again is not.
bool IsSlower(const SweepComparison& comparison, double loss);

}  // namespace ollama_bench
