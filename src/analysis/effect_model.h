#pragma once

#include <Eigen/SparseCholesky>
#include <Eigen/SparseCore>
#include <boost/container/static_vector.hpp>
#include <cstddef>
#include <span>
#include <vector>

#include "ollama_bench/analysis/load_units.h"
#include "ollama_bench/core/axis.h"

namespace ollama_bench {

/// The loads of a sweep as observations of a linear model on the log scale: the value of a load is
/// the sum of an origin's offset, the main effects of the cell's values, the cell's own effect, the
/// machine's drift at that time, and noise.
struct EffectData {
  struct Observation {
    std::size_t cell = 0;
    std::size_t origin = 0;
    double value = 0;         ///< natural log
    double run_variance = 0;  ///< of the mean of its runs
    /// From the load before it in its origin, in median intervals; 0: the first one, or no time.
    double gap = 0;
    bool has_time = false;
  };
  std::vector<Cell> cells;  ///< that have a load, ascending
  std::vector<Axis> axes;   ///< parameters of which the cells have several values, ascending
  /// Of each cell's value of each axis, among the values of all axes one after the other.
  using Places = boost::container::static_vector<std::size_t, kParameterCount>;
  std::vector<Places> places;
  std::vector<std::string> origins;
  std::vector<Observation> observations;  ///< by origin, within it by time
  double run_deviation = 0;               ///< of one run, relative

  static EffectData From(std::span<const LoadUnit> units);
};

/// Scales of the model's parts, relative standard deviations but for `memory`.
struct EffectScales {
  double load = 0.01;        ///< scale of Student's t with kLoadDegrees
  std::vector<double> axes;  ///< of the main effects, one per axis of the data
  double cell = 0.01;        ///< scale of Student's t with kCellDegrees
  double drift = 0.01;       ///< stationary
  double memory = 16.0;      ///< time constant of the drift in median intervals between loads
};

inline constexpr double kLoadDegrees = 4;
inline constexpr double kCellDegrees = 2;
inline constexpr double kStepDegrees = 1;
/// Of the expected information that is believed: where the noise is normal and not t, which the
/// weights cannot know, it promises a fifth too much (bench/answer).
inline constexpr double kInformationShare = 0.8;

/// How much each load, and each cell's own effect, counts against the normal distribution of its
/// scale: the means of the gamma variables whose mixture makes a Student t.
struct EffectWeights {
  std::vector<double> loads;
  std::vector<double> cells;
  std::vector<double> steps;  ///< of the drift, to each load from the one before

  static EffectWeights Ones(const EffectData& data);
};

/// The effects given their scales: a normal posterior, with the weights of the loads and of the
/// cells by variational Bayes (Tipping and Lawrence, Neurocomputing 69, 2005).
class EffectPosterior {
 public:
  using Vector = Eigen::VectorXd;

  /// `data` must outlive it. `weights` are where the iteration begins.
  EffectPosterior(const EffectData& data, const EffectScales& scales, EffectWeights weights,
                  int iterations);

  /// Makes the covariances those of the Student t distributions instead of their weights' means,
  /// which take the weights for known: each is scaled by kInformationShare of its expected
  /// information, (degrees + 1) / (degrees + 3) (Lange, Little and Taylor, JASA 84, 1989). The
  /// means stay.
  void UseExpectedInformation();

  /// Lower bound of the log marginal likelihood, up to a constant of the data.
  [[nodiscard]] double log_evidence() const { return log_evidence_; }
  [[nodiscard]] const EffectWeights& weights() const { return weights_; }

  /// The combination of effects that is a cell's value but for offset and drift.
  [[nodiscard]] Vector CellVector(std::size_t cell) const;
  [[nodiscard]] Vector OwnEffectVector(std::size_t cell) const;
  /// Offset and drift at one load.
  [[nodiscard]] Vector SharedVector(std::size_t observation) const;
  /// The mean over the loads of offset and drift.
  [[nodiscard]] Vector LevelVector() const;
  [[nodiscard]] double Mean(const Vector& combination) const { return mean_.dot(combination); }
  /// The posterior covariance times the combination.
  [[nodiscard]] Vector Covariances(const Vector& combination) const;
  /// Of a cell's value but for offset and drift.
  [[nodiscard]] double CellVariance(std::size_t cell) const;
  /// The drift at each load, in the order of the observations.
  [[nodiscard]] std::vector<double> Drift() const;

 private:
  using Sparse = Eigen::SparseMatrix<double>;
  using Nodes = boost::container::static_vector<std::size_t, kParameterCount + 3>;

  [[nodiscard]] std::size_t CellNode(std::size_t cell) const;
  [[nodiscard]] std::size_t AxisNode(std::size_t axis) const;
  [[nodiscard]] std::size_t OriginNode(std::size_t origin) const;
  [[nodiscard]] std::size_t NodeCount() const;
  /// A cell's own effect and its main effects.
  [[nodiscard]] Nodes NodesOfCell(std::size_t cell) const;
  [[nodiscard]] Nodes NodesOf(std::size_t observation) const;
  /// Of the drift's step to the observation, without its weight.
  [[nodiscard]] double StepPrecision(std::size_t observation) const;
  /// What is kept of the drift since the observation before.
  [[nodiscard]] double Kept(std::size_t observation) const;
  [[nodiscard]] double NoiseVariance(std::size_t observation) const;
  [[nodiscard]] double Inverse(std::size_t row, std::size_t column) const;

  /// Precision matrix for the present weights; half its prior's and the noise's log determinants.
  double Assemble(Sparse& precision) const;
  void Solve();
  void Reweigh();
  double AddDriftPrior(std::vector<Eigen::Triplet<double>>& entries) const;
  double AddEffectPriors(std::vector<Eigen::Triplet<double>>& entries) const;

  const EffectData& data_;
  EffectScales scales_;
  EffectWeights weights_;
  std::size_t first_axis_;  ///< nodes
  std::size_t first_origin_;
  double load_information_ = 1;
  double cell_information_ = 1;
  double step_information_ = 1;
  Eigen::SimplicialLLT<Sparse, Eigen::Lower> factor_;
  Vector mean_;
  Sparse inverse_;  ///< selected entries, in the factor's order
  double gaussian_evidence_ = 0;
  double log_evidence_ = 0;
};

}  // namespace ollama_bench
