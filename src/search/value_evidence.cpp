#include "value_evidence.h"

#include <cmath>

namespace ollama_bench {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kLengthCentre = 0.6;
constexpr double kLengthSpread = 0.8;
constexpr double kNoiseCentre = 0.015;
constexpr double kNoiseSpread = 0.8;
constexpr double kScaleShape = 1.0;
constexpr double kScaleRate = 1e-4;
constexpr double kScaleCentre = 0.1;
constexpr double kScaleSpread = 1.2;

double Squared(double value) {
  return value * value;
}

double LogLengthPrior(double length) {
  return -0.5 * Squared(std::log(length / kLengthCentre) / kLengthSpread);
}

}  // namespace

ValueEvidence::ValueEvidence(const ValueKernel& kernel, const ValueData& data)
    : kernel_(&kernel), data_(&data), grams_(kernel, data.cells) {
  const auto size = static_cast<Index>(data.cells.size());
  inverse_visits_ = Eigen::Map<const VectorXd>(data.visits.data(), size).cwiseInverse();
  right_.resize(size, 2);
  right_.col(0).setOnes();
  right_.col(1) = Eigen::Map<const VectorXd>(data.mean.data(), size);
}

const MatrixXd& ValueEvidence::Gram(const ValueHyper& hyper, const ValueSteps& steps) {
  grams_.Write(hyper, steps, gram_);
  gram_.diagonal() += ValueKernel::NoiseRatio(hyper) * inverse_visits_;
  return gram_;
}

ValueComponent ValueEvidence::At(const ValueHyper& hyper, const ValueSteps& steps) {
  Gram(hyper, steps);
  const Eigen::LLT<Eigen::Ref<MatrixXd>> factor(gram_);
  const MatrixXd z = factor.matrixL().solve(right_);
  ValueComponent component =
      From(hyper, {2.0 * gram_.diagonal().array().log().sum(), z.col(0).squaredNorm(),
                   z.col(0).dot(z.col(1)), z.col(1).squaredNorm()});
  component.steps = steps;
  for (const ValueStep& step : steps) component.log_evidence += step.log_prior;
  return component;
}

ValueComponent ValueEvidence::From(const ValueHyper& hyper, const EvidenceTerms& terms) const {
  const double ratio = ValueKernel::NoiseRatio(hyper);
  const double fit = terms.fit - terms.cross * terms.cross / terms.ones;
  const auto count = static_cast<double>(data_->count);
  const auto cells = static_cast<double>(data_->cells.size());
  const double rate = kScaleRate + 0.5 * (fit + data_->within / ratio);
  const double shape = kScaleShape + 0.5 * (count - 1.0);
  ValueComponent component;
  component.hyper = hyper;
  component.scale2 = rate / shape;
  component.noise2 = ratio * component.scale2;
  const double noise = 0.5 * std::log(component.noise2);
  component.log_evidence =
      LogLengthPrior(ValueKernel::CtxLength(hyper)) +
      LogLengthPrior(ValueKernel::BatchLength(hyper)) - 0.5 * terms.log_determinant -
      0.5 * std::log(terms.ones) - 0.5 * (count - cells) * std::log(ratio) -
      shape * std::log(rate) - 0.5 * Squared((noise - std::log(kNoiseCentre)) / kNoiseSpread) -
      0.5 * Squared((0.5 * std::log(component.scale2) - std::log(kScaleCentre)) / kScaleSpread);
  if (ValueKernel::HasNeed(hyper.structure)) {
    component.log_evidence -= std::log(static_cast<double>(kernel_->DirectionCount()));
  }
  return component;
}

}  // namespace ollama_bench
