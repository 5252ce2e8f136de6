#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ollama_bench/analysis/best_set.h"
#include "ollama_bench/analysis/drift.h"
#include "ollama_bench/core/axis.h"
#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/metric.h"

namespace ollama_bench {

struct AnswerOptions {
  Demand demand;
  double max_loss = 0.05;        ///< of the largest safe context against the best, relative
  bool detrend = false;          ///< take a drift out, where there is one that may be
  std::optional<Cell> baseline;  ///< what the user has at present
  std::string baseline_source;   ///< "Modelfile" or "Ollama default"
};

/// The largest context at which hardly anything is lost, and nothing goes to the CPU.
struct SafeContext {
  CellEstimate estimate;            ///< the best cell of that num_ctx
  LogEstimate ratio;                ///< of its value to the leader's
  std::optional<double> gpu_share;  ///< of the loaded model's bytes; empty where it is not known
  /// A larger num_ctx that reads worse, yet has a cell in the best set: not shown to lose anything.
  std::optional<int> undecided;
};

/// What the recommended cell is better by than what the user has.
struct BaselineGain {
  enum class Verdict {
    kSameCell,     ///< the present setting is the recommended one
    kWorthHaving,  ///< shown to be more than the threshold
    kNone,         ///< shown to be less than the threshold
    kUnclear,      ///< neither: the interval holds the threshold
  };
  CellEstimate baseline;
  LogEstimate gain;  ///< log of a ratio, above 0 where the recommended cell is better
  Verdict verdict = Verdict::kUnclear;
};

/// A run that lies apart from the others of its cell. Always named; left out only where it stalled.
struct Outlier {
  Cell cell;
  std::string sample_id;
  double ratio = 1;  ///< of its value to the median of the cell
  /// Worse than the median of its load, of three runs or more, by more than a factor of two: that
  /// is a moment of the machine, and would drown every difference between cells.
  bool stalled = false;
};

/// What a sweep says, and how sure.
struct SweepAnswer {
  Metric metric = Metric::kPromptEvalRate;
  AnswerOptions options;
  NoiseModel noise;
  std::vector<CellEstimate> cells;  ///< ordered by cell
  BestSet best;
  std::optional<SafeContext> largest_safe_context;
  std::optional<BaselineGain> baseline;  ///< empty where the baseline was not measured
  std::optional<Drift> drift;
  bool detrended = false;
  std::vector<Outlier> outliers;
};

/// `baseline` where it lies outside the planned grid. A plan that is not known holds every cell.
std::optional<Cell> ForeignBaseline(const std::optional<Cell>& baseline, const Grid& planned);

/// `results` without the entry of a baseline that lies outside the planned grid: measured to
/// compare with, no part of the sweep.
std::vector<CellResult> WithoutForeignBaseline(const std::vector<CellResult>& results,
                                               const std::optional<Cell>& baseline,
                                               const Grid& planned);

/// The answer of the cells in `results` for one metric. `baseline_result` is the baseline's entry
/// where it is not among `results`. Empty where no cell has a value above 0.
std::optional<SweepAnswer> AnswerSweep(const std::vector<CellResult>& results, Metric metric,
                                       const AnswerOptions& options = {},
                                       const CellResult* baseline_result = nullptr);

}  // namespace ollama_bench
