#pragma once

#include <Eigen/Dense>

#include "value_model.h"

namespace ollama_bench {

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
