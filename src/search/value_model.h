#pragma once

#include <Eigen/Dense>
#include <cstddef>
#include <memory>
#include <vector>

#include "search_grid.h"
#include "value_kernel.h"

namespace ollama_bench {

class StepScan;
class ValueEvidence;

/// What is known of the log rate: one entry per measured cell.
struct ValueData {
  std::vector<std::size_t> cells;  ///< distinct
  std::vector<double> mean;        ///< of the cell's log rates
  std::vector<double> visits;      ///< how many they were
  double within = 0.0;             ///< sum of squared deviations from the cell's mean, all cells
  std::size_t count = 0;           ///< measurements, the sum of `visits`
};

/// What one set of hyperparameters says of the log rate, given the data.
struct ValueComponent {
  ValueHyper hyper;
  ValueSteps steps;
  double weight = 0.0;        ///< posterior probability of the hyperparameters
  double log_evidence = 0.0;  ///< log marginal likelihood and log prior, up to a constant
  double scale2 = 0.0;        ///< estimated variance of the signal
  double noise2 = 0.0;        ///< variance of one measurement
  Eigen::VectorXd mean;       ///< by cell
  Eigen::VectorXd variance;   ///< by cell, of the value, not of a measurement
  Eigen::MatrixXd explained;  ///< by observation and cell: a root of the variance that data took
  Eigen::VectorXd trend;      ///< by cell: a root of the variance that the unknown mean adds
};

/// Gaussian processes over the cells of a grid, averaged over hyperparameters rather than fitted:
/// lengths, noise, how far the axes act independently of each other, in which direction need grows,
/// and up to five steps along need or islands. Kernel: see ValueKernel. The mean is unknown with a
/// flat prior, the signal's variance has an inverse gamma prior; both are integrated. Source:
/// Rasmussen and Williams, Gaussian Processes for Machine Learning, 2.7.
class ValueModel {
 public:
  explicit ValueModel(const SearchGrid& grid);
  ValueModel(ValueModel&&) noexcept;
  ValueModel& operator=(ValueModel&&) noexcept;
  ~ValueModel();

  /// Components by falling weight, their weights sum to 1; those that share the last 3 % of the
  /// mass are left out. `data` holds at least one cell.
  [[nodiscard]] std::vector<ValueComponent> Fit(const ValueData& data) const;
  /// Covariance of two cells before any data, in units of the signal's variance.
  [[nodiscard]] double Correlation(const ValueComponent& component, std::size_t a,
                                   std::size_t b) const;
  /// Covariance of the values of two cells given the data.
  [[nodiscard]] double Covariance(const ValueComponent& component, std::size_t a,
                                  std::size_t b) const;

 private:
  /// Adds components with one step, the best of them with a second, and so on.
  void AddSteps(ValueEvidence& evidence, std::vector<ValueComponent>& components) const;
  void Complete(const ValueData& data, ValueComponent& component) const;

  ValueKernel kernel_;
  std::unique_ptr<StepScan> scan_;
};

/// What the log evidence takes from data: products of the inverse covariance, in units of the
/// signal's variance, with the log rates y and with ones.
struct EvidenceTerms {
  double log_determinant = 0.0;
  double ones = 0.0;   ///< 1' K⁻¹ 1
  double cross = 0.0;  ///< 1' K⁻¹ y
  double fit = 0.0;    ///< y' K⁻¹ y
};

/// The log evidence of hyperparameters for one set of data. Kernel and data must outlive it.
class ValueEvidence {
 public:
  ValueEvidence(const ValueKernel& kernel, const ValueData& data);

  ValueComponent At(const ValueHyper& hyper, const ValueSteps& steps);
  /// The component from terms that are known already, without its steps and their prior.
  [[nodiscard]] ValueComponent From(const ValueHyper& hyper, const EvidenceTerms& terms) const;
  /// Covariance of the measured cells' means, noise included.
  const Eigen::MatrixXd& Gram(const ValueHyper& hyper, const ValueSteps& steps);
  [[nodiscard]] const ValueData& data() const { return *data_; }

 private:
  const ValueKernel* kernel_;
  const ValueData* data_;
  KernelGrams grams_;
  Eigen::VectorXd inverse_visits_;
  Eigen::MatrixXd right_;  ///< ones, then the means
  Eigen::MatrixXd gram_;
};

}  // namespace ollama_bench
