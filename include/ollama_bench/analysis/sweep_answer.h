#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ollama_bench/analysis/cell_estimate.h"
#include "ollama_bench/analysis/server_memory.h"
#include "ollama_bench/analysis/sweep_model.h"
#include "ollama_bench/analysis/verdict.h"
#include "ollama_bench/core/axis.h"
#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/metric.h"

namespace ollama_bench {

struct AnswerOptions {
  double max_loss = 0.05;       ///< of the largest safe context against the best, relative
  std::optional<Cell> current;  ///< the user's setting, in the grid or not
  std::string current_source;   ///< "Modelfile" or "Ollama default"
  Space planned;                ///< empty: every cell that has results, but a `current` that has
  std::optional<SurfaceView> surface;  ///< counts where not every cell was visited
  /// How many of the planned cells can be measured (a recording may lack some); empty: all.
  std::optional<std::size_t> total_cells;
  std::optional<double> load_s;               ///< how long one more load takes, seconds
  std::optional<std::int64_t> prompt_tokens;  ///< of the user's prompt
};

/// What the model says of one measured cell.
struct CellStanding {
  Cell cell;
  LogPosterior value;           ///< natural log of the metric, in its unit
  LogPosterior against_leader;  ///< natural log of the ratio to the leader
  int loads = 0;
  int runs = 0;
  bool is_eligible = false;  ///< of the grid, and does not fail too often to be recommended
  double additive = 0;       ///< what the main effects alone say, natural log
};

/// The largest context at which hardly anything is lost, and nothing goes to the CPU.
struct SafeContext {
  std::size_t place = 0;            ///< in SweepAnswer::cells: the best cell of that num_ctx
  std::optional<double> gpu_share;  ///< of the loaded model's bytes; empty where it is not known
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

/// The mean of one value of an axis over the measured cells whose other values the best one has
/// too.
struct AxisMean {
  int value = 0;
  LogPosterior against_best;  ///< natural log of the ratio to the best value of the axis
};

/// The means of one parameter's values.
struct Margin {
  Parameter parameter{};
  std::vector<AxisMean> means;  ///< of each value that can be compared, ascending
};

/// How small a difference the sweep would have shown.
enum class Trust { kGood, kFair, kPoor };
std::string_view KeyOf(Trust trust);

/// More loads than these are not worth a number.
inline constexpr int kMostMoreLoads = 500;

/// What a sweep says, and how sure. Places are those of `cells`.
struct SweepAnswer {
  Metric metric = Metric::kPromptEvalRate;
  AnswerOptions options;
  Verdict verdict = Verdict::kUndecided;
  std::string reason;        ///< one clause for a person; empty where the verdict says it all
  bool for_context = false;  ///< kChange because of a larger context, not of a higher rate
  bool is_whole = true;      ///< every cell of the grid was visited and is compared
  bool is_fastest = false;   ///< the leader is the best cell of the grid
  bool is_within = false;    ///< no cell of the grid is better than the leader by the threshold
  std::vector<CellStanding> cells;  ///< measured ones, the current setting included; ascending
  std::size_t leader = 0;
  std::optional<std::size_t> recommended;  ///< empty for kNoAnswer
  std::optional<std::size_t> current;
  std::optional<CellServing> recommended_serving;  ///< what it means beside the metric
  std::optional<CellServing> current_serving;
  std::optional<LogPosterior> gain;  ///< recommended over current; above 0: better
  std::vector<std::size_t> contenders;
  bool are_tied = false;  ///< all contenders lie within the threshold
  std::optional<SafeContext> largest_safe_context;
  std::optional<MemoryComparison> memory;  ///< of settings of the server
  Trust trust = Trust::kPoor;
  double detectable = 0;  ///< a difference that would have been found with 80 % power, relative
  int more_loads = 0;     ///< that would decide it; 0 where it is decided
  std::optional<double> more_s;
  std::vector<Margin> margins;   ///< of each parameter that a cell sets
  double load_deviation = 0;     ///< scale of the noise between loads, relative
  double run_deviation = 0;      ///< between the runs of a load, relative
  double drift = 0;              ///< from the slowest to the fastest time of the sweep, relative
  bool repeats = false;          ///< some cell has two loads; else the noise is assumed
  std::size_t not_replaced = 0;  ///< loads without a counted sample because others disturbed them
  std::vector<Outlier> outliers;

  [[nodiscard]] const CellStanding* Find(const Cell& cell) const;
  /// Of the parameter's values; none where no cell sets it.
  [[nodiscard]] const std::vector<AxisMean>& MeansAlong(Parameter parameter) const;
};

/// `current` where its setting lies outside the planned space, whatever is asked of the model. A
/// plan that is not known holds every cell.
std::optional<Cell> OffGrid(const std::optional<Cell>& current, const Space& planned);

/// The answer of the cells in `results` for one metric. Empty where no cell has a value above 0.
std::optional<SweepAnswer> AnswerSweep(const std::vector<CellResult>& results, Metric metric,
                                       const AnswerOptions& options = {});

}  // namespace ollama_bench
