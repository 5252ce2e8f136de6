#pragma once

#include <Eigen/Dense>
#include <cstddef>
#include <memory>
#include <vector>

#include "search_grid.h"

namespace ollama_bench {

/// One point of the lattice of hyperparameters, each an index into its list.
struct ValueHyper {
  std::size_t ctx_length = 0;
  std::size_t batch_length = 0;
  std::size_t noise = 0;
  std::size_t structure = 0;
  std::size_t direction = 0;  ///< of need; 0 where the structure has none

  friend auto operator<=>(const ValueHyper&, const ValueHyper&) = default;
};

/// A jump of the log rate where need crosses a line whose place is known as far as the measured
/// cells show: another number of GPUs, another kernel. Or an island: a bump of it.
struct ValueStep {
  double share = 0.0;      ///< variance of half the jump, of the height, in units of the signal's
  double log_prior = 0.0;  ///< of there being one, here
  bool is_island = false;
  /// By cell: the mean of its side, −1 to 1; exactly −1 or 1 for a measured cell. Of an island its
  /// height there, 0 to 1.
  std::shared_ptr<const Eigen::VectorXd> side;
};
using ValueSteps = std::vector<ValueStep>;

/// The covariance of log rates before any data, in units of the signal's variance: Matérn 5/2 per
/// axis, their sum and their product; levels at the multiples that hardware likes; a random walk
/// along need, for stairs; single steps; islands.
class ValueKernel {
 public:
  static const std::size_t kLengthCount;
  static const std::size_t kNoiseCount;
  static const std::size_t kStructureCount;

  explicit ValueKernel(const SearchGrid& grid);

  [[nodiscard]] double Correlation(const ValueHyper& hyper, const ValueSteps& steps, std::size_t a,
                                   std::size_t b) const;
  /// With each cell of the grid; `cell` is a measured one.
  [[nodiscard]] Eigen::VectorXd CorrelationsWith(const ValueHyper& hyper, const ValueSteps& steps,
                                                 std::size_t cell) const;

  /// Of the noise of one measurement to the signal's, both variances.
  static double NoiseRatio(const ValueHyper& hyper);
  /// In units of an axis.
  static double CtxLength(const ValueHyper& hyper);
  static double BatchLength(const ValueHyper& hyper);
  static bool HasNeed(std::size_t structure);
  [[nodiscard]] std::size_t DirectionCount() const { return needs_.size(); }
  [[nodiscard]] std::size_t CellCount() const { return grid_->CellCount(); }

 private:
  friend class KernelGrams;

  /// Of two cells of one island, each a value across and one down by index.
  [[nodiscard]] double OnIsland(Eigen::Index ctx_a, Eigen::Index ctx_b, Eigen::Index batch_a,
                                Eigen::Index batch_b) const;
  void AddIsland(const ValueStep& step, std::size_t cell, Eigen::VectorXd& correlations) const;

  const SearchGrid* grid_;
  std::vector<Eigen::MatrixXd> across_tables_;  ///< by length: correlation of two values across
  std::vector<Eigen::MatrixXd> down_tables_;    ///< by length: correlation of two values down
  Eigen::MatrixXd ctx_ridges_;
  Eigen::MatrixXd batch_ridges_;
  std::vector<Eigen::VectorXd> needs_;  ///< by direction and cell, 0 to 1
};

/// The kernel among some measured cells, with parts kept from one set of hyperparameters to the
/// next. The kernel must outlive it.
class KernelGrams {
 public:
  KernelGrams(const ValueKernel& kernel, const std::vector<std::size_t>& cells);

  /// Writes the covariance of the cells into `gram`.
  void Write(const ValueHyper& hyper, const ValueSteps& steps, Eigen::MatrixXd& gram);

 private:
  const Eigen::MatrixXd& NeedGram(std::size_t direction);

  const ValueKernel* kernel_;
  std::vector<Eigen::Index> cells_;
  std::vector<Eigen::MatrixXd> ctx_grams_;
  std::vector<Eigen::MatrixXd> batch_grams_;
  Eigen::MatrixXd ridges_;
  std::vector<Eigen::MatrixXd> need_grams_;  ///< by direction, empty until needed
};

}  // namespace ollama_bench
