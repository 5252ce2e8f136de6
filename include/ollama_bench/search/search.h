#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "ollama_bench/core/axis.h"
#include "ollama_bench/core/cell.h"
#include "ollama_bench/core/failure.h"

namespace ollama_bench {

struct SearchOptions {
  std::uint64_t seed = 1;
  std::optional<Cell> present;  ///< the user's current setting, measured first
  double tolerance = 0.01;      ///< a rate this close to the best, relative, is as good
};

/// What one visit of a cell brought: a rate, or why there is none.
struct Measurement {
  Cell cell;
  std::optional<double> rate;          ///< tokens/s; of several samples of one load their mean
  std::optional<FailureKind> failure;  ///< set where there is no rate
  std::optional<double> cpu_share;     ///< of the loaded model outside the GPUs, 0 to 1
  std::optional<double> cost_s;        ///< seconds the visit took
};

/// What the model holds of one cell.
struct SearchEstimate {
  Cell cell;
  int visits = 0;           ///< measurements that brought a rate
  double log_mean = 0.0;    ///< of the log rate, rate in tokens/s
  double log_sd = 0.0;      ///< of the log rate; without the noise of a measurement
  double p_feasible = 0.0;  ///< that the cell loads and answers
  double p_fast = 0.0;      ///< that it is in the regime of the best cells
};

struct SearchAnswer {
  Cell cell;          ///< measured, with the highest estimate
  double rate = 0.0;  ///< tokens/s, estimated
  /// That no cell is faster than this one by more than the tolerance; low as long as there are too
  /// few measurements to know.
  double probability = 0.0;
  bool certified = false;    ///< sure enough, three measurements in a row
  std::vector<Cell> equals;  ///< measured cells not shown to be slower by the tolerance
};

/// How sure a certificate is of an answer, three measurements in a row.
inline constexpr double kCertificateProbability = 0.985;
/// How many measurements of a grid of so many cells there are at the least behind a certificate.
std::size_t LeastForCertificate(std::size_t cells);

/// The grid that a search of the space has: one axis or two of counts with several values, all
/// others with one. Empty where the space has more.
std::optional<Grid> SearchGridOf(const Space& space);

/// Finds the best cell of a grid in few measurements. Pure and deterministic: what it proposes
/// follows from the options and the measurements alone. It holds that the log rate is a Gaussian
/// process with cliffs, and that what fits into memory is bounded by a smooth line; whatever it
/// says of certainty holds under that model. Not thread-safe.
class Search {
 public:
  Search(const Grid& grid, const SearchOptions& options);
  Search(Search&&) noexcept;
  Search& operator=(Search&&) noexcept;
  ~Search();

  /// Cells outside the grid are ignored. A failure that says nothing of the cell's neighbours (no
  /// record, a server gone) keeps only the cell itself from being proposed.
  void Observe(const Measurement& measurement);
  /// Never proposes this cell: it cannot be measured, or is the same measurement as another.
  void Exclude(const Cell& cell);
  /// The cell to visit next. It does not run dry: a measured cell may come again. Empty only where
  /// no cell is left that could be measured.
  [[nodiscard]] std::optional<Cell> Propose() const;
  /// Empty until a measurement brought a rate.
  [[nodiscard]] std::optional<SearchAnswer> Answer() const;
  /// One per cell of the grid, all of the smallest value across first; empty until a
  /// measurement brought a rate.
  [[nodiscard]] std::vector<SearchEstimate> Estimates() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace ollama_bench
