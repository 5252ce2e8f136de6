#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "ollama_bench/analysis/sweep_model.h"
#include "ollama_bench/core/cell.h"

namespace ollama_bench {

/// What a sweep says of the setting to use.
enum class Verdict {
  kChange,     ///< recommended: another setting than the current one
  kKeep,       ///< no cell is more than the threshold better than the current setting
  kTie,        ///< no current setting is known; all contenders lie within the threshold
  kUndecided,  ///< more loads would decide it
  kNoAnswer,   ///< the machine changed too much for an answer
};
std::string_view KeyOf(Verdict verdict);

/// A difference below this is none that matters, relative.
inline constexpr double kThreshold = 0.01;
/// A probability below this is no obstacle to a claim.
inline constexpr double kUnlikely = 0.05;
/// A claim of a gain needs this probability.
inline constexpr double kSure = 0.975;
/// Loads that a recommended cell rests on at least.
inline constexpr int kFewestLoads = 3;

/// What a model of the whole surface says of a grid of which not every cell was visited.
struct SurfaceView {
  Cell leader;
  double better_than_leader = 1;  ///< P(some cell of the grid is better by more than the threshold)
};

/// What is to be decided.
struct Question {
  std::optional<Cell> current;  ///< in the model, or it counts as not known
  bool higher_is_better = true;
  /// Cells that may be recommended and are compared: those of the grid that do not fail too often.
  std::vector<Cell> eligible;
  bool is_whole = true;  ///< every cell of the grid was visited
  std::optional<SurfaceView>
      surface;  ///< where it is not whole; empty: nothing is known of the rest
};

/// The state of a race between the cells. Places are those of the model's cells.
struct Decision {
  Verdict verdict = Verdict::kUndecided;
  bool for_context = false;  ///< kChange because of a larger context, not of a higher rate
  std::size_t leader = 0;
  std::optional<std::size_t> recommended;
  std::optional<std::size_t> current;
  /// The largest context that more likely than not loses no more than the threshold.
  std::optional<std::size_t> context;
  double better_than_leader = 1;        ///< P(some cell is better by more than the threshold)
  double better_than_current = 1;       ///< the same of the current setting
  double gain = 0;                      ///< P(the leader gains more than the threshold)
  double context_loss = 1;              ///< P(`context` loses more than the threshold)
  bool is_fastest = false;              ///< the leader is the best cell
  std::vector<std::size_t> contenders;  ///< not significantly different from the leader, with it
  bool are_tied = false;                ///< all contenders within the threshold, jointly
  std::vector<double> best;             ///< P(a cell is the best), of each of the model's cells
};

/// `loads`: how many each of the model's cells has. Empty where no cell is eligible.
std::optional<Decision> Decide(const SweepModel& model, std::span<const int> loads,
                               const Question& question);

}  // namespace ollama_bench
