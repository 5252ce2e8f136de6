#include "value_model.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <queue>
#include <set>
#include <utility>

#include "step_scan.h"

namespace ollama_bench {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kKeptMass = 0.97;
constexpr std::size_t kMostComponents = 12;
/// A point of the lattice this much below the best, in log evidence, has no neighbours worth a
/// look.
constexpr double kWorthExpanding = 4.0;
constexpr std::size_t kMostPoints = 200;
constexpr std::size_t kMostPointsWithSteps = 40;
constexpr std::array kSmooth = {ValueHyper{4, 4, 1, 1, 0}, ValueHyper{3, 3, 1, 0, 0}};
constexpr std::size_t kMostSteps = 5;
constexpr std::size_t kStepsKept = 4;

std::vector<ValueHyper> Neighbours(const ValueHyper& hyper, std::size_t directions) {
  std::vector<ValueHyper> result;
  const auto steps = [&](std::size_t ValueHyper::*field, std::size_t size) {
    ValueHyper next = hyper;
    if (hyper.*field > 0) {
      next.*field = hyper.*field - 1;
      result.push_back(next);
    }
    if (hyper.*field + 1 < size) {
      next.*field = hyper.*field + 1;
      result.push_back(next);
    }
  };
  steps(&ValueHyper::ctx_length, ValueKernel::kLengthCount);
  steps(&ValueHyper::batch_length, ValueKernel::kLengthCount);
  steps(&ValueHyper::noise, ValueKernel::kNoiseCount);
  if (ValueKernel::HasNeed(hyper.structure)) {
    for (std::size_t d = 0; d < directions; ++d) {
      ValueHyper next = hyper;
      next.direction = d;
      if (d != hyper.direction) result.push_back(next);
    }
  }
  return result;
}

/// Walks the lattice from `start` uphill, and keeps what it sees.
void Climb(ValueEvidence& evidence, std::size_t directions, const std::vector<ValueHyper>& start,
           const ValueSteps& steps, std::size_t most, std::vector<ValueComponent>& components) {
  std::set<ValueHyper> seen;
  std::priority_queue<std::pair<double, ValueHyper>> open;
  double best = -1e300;
  const auto visit = [&](const ValueHyper& hyper) {
    if (!seen.insert(hyper).second) return;
    components.push_back(evidence.At(hyper, steps));
    const double value = components.back().log_evidence;
    best = std::max(best, value);
    open.emplace(value, hyper);
  };
  for (const ValueHyper& hyper : start) visit(hyper);
  while (!open.empty() && seen.size() < most && open.top().first > best - kWorthExpanding) {
    const ValueHyper hyper = open.top().second;
    open.pop();
    for (const ValueHyper& next : Neighbours(hyper, directions)) visit(next);
  }
}

std::vector<ValueHyper> LatticeStart() {
  std::vector<ValueHyper> start;
  for (std::size_t s = 0; s < ValueKernel::kStructureCount; ++s) {
    const std::size_t direction = ValueKernel::HasNeed(s) ? 2 : 0;
    start.push_back({2, 2, 2, s, direction});
    start.push_back({4, 4, 3, s, direction});
  }
  return start;
}

bool MoreEvident(const ValueComponent& a, const ValueComponent& b) {
  return a.log_evidence > b.log_evidence;
}

/// Weighs the components, sorted, by their evidence, and leaves out those that share the rest.
void KeepMass(std::vector<ValueComponent>& components) {
  double total = 0.0;
  for (ValueComponent& component : components) {
    component.weight = std::exp(component.log_evidence - components.front().log_evidence);
    total += component.weight;
  }
  double kept = 0.0;
  std::size_t keep = 0;
  while (keep < components.size() && keep < kMostComponents && kept < kKeptMass * total) {
    kept += components[keep++].weight;
  }
  components.resize(keep);
  for (ValueComponent& component : components) component.weight /= kept;
}

}  // namespace

ValueModel::ValueModel(const SearchGrid& grid)
    : kernel_(grid), scan_(std::make_unique<StepScan>(grid)) {}
ValueModel::ValueModel(ValueModel&&) noexcept = default;
ValueModel& ValueModel::operator=(ValueModel&&) noexcept = default;
ValueModel::~ValueModel() = default;

double ValueModel::Correlation(const ValueComponent& component, std::size_t a,
                               std::size_t b) const {
  return kernel_.Correlation(component.hyper, component.steps, a, b);
}

double ValueModel::Covariance(const ValueComponent& component, std::size_t a, std::size_t b) const {
  const auto i = static_cast<Index>(a);
  const auto j = static_cast<Index>(b);
  return component.scale2 * (Correlation(component, a, b) -
                             component.explained.col(i).dot(component.explained.col(j)) +
                             component.trend[i] * component.trend[j]);
}

std::vector<ValueComponent> ValueModel::Fit(const ValueData& data) const {
  ValueEvidence evidence(kernel_, data);
  std::vector<ValueComponent> components;
  Climb(evidence, kernel_.DirectionCount(), LatticeStart(), {}, kMostPoints, components);
  AddSteps(evidence, components);
  std::stable_sort(components.begin(), components.end(), MoreEvident);
  KeepMass(components);
  for (ValueComponent& component : components) Complete(data, component);
  return components;
}

void ValueModel::AddSteps(ValueEvidence& evidence, std::vector<ValueComponent>& components) const {
  const std::size_t directions = kernel_.DirectionCount();
  const auto best = std::min_element(components.begin(), components.end(), MoreEvident);
  // Without its step a surface looks rougher than it is with it.
  std::vector<std::pair<ValueHyper, ValueSteps>> bases = {{best->hyper, {}}};
  for (const ValueHyper& smooth : kSmooth) bases.push_back({smooth, {}});
  const std::size_t measured = evidence.data().cells.size();
  double most = best->log_evidence;
  for (std::size_t count = 1; count <= kMostSteps && measured > 4 + 2 * count; ++count) {
    std::vector<ValueComponent> extended;
    for (const auto& [hyper, steps] : bases) {
      auto more = scan_->Extend(evidence, hyper, steps, kStepsKept);
      std::move(more.begin(), more.end(), std::back_inserter(extended));
    }
    if (extended.empty()) return;
    std::stable_sort(extended.begin(), extended.end(), MoreEvident);
    if (extended.front().log_evidence < most - kWorthExpanding) return;
    most = std::max(most, extended.front().log_evidence);
    components.insert(components.end(), extended.begin() + 1, extended.end());
    std::vector<ValueComponent> climbed;
    const ValueSteps steps = extended.front().steps;
    Climb(evidence, directions, {extended.front().hyper}, steps, kMostPointsWithSteps, climbed);
    bases = {{std::min_element(climbed.begin(), climbed.end(), MoreEvident)->hyper, steps}};
    std::move(climbed.begin(), climbed.end(), std::back_inserter(components));
  }
}

void ValueModel::Complete(const ValueData& data, ValueComponent& component) const {
  const auto size = static_cast<Index>(data.cells.size());
  const auto cells = static_cast<Index>(kernel_.CellCount());
  const double ratio = component.noise2 / component.scale2;
  MatrixXd across(cells, size);
  for (Index i = 0; i < size; ++i) {
    across.col(i) = kernel_.CorrelationsWith(component.hyper, component.steps,
                                             data.cells[static_cast<std::size_t>(i)]);
  }
  MatrixXd gram(size, size);
  for (Index j = 0; j < size; ++j) {
    gram.row(j) = across.row(static_cast<Index>(data.cells[static_cast<std::size_t>(j)]));
    gram(j, j) += ratio / data.visits[static_cast<std::size_t>(j)];
  }
  const Eigen::LLT<MatrixXd> factor(gram);
  const VectorXd ones = factor.matrixL().solve(VectorXd::Ones(size));
  const VectorXd y = factor.matrixL().solve(Eigen::Map<const VectorXd>(data.mean.data(), size));
  const double precision = ones.squaredNorm();
  const double level = ones.dot(y) / precision;
  component.explained = across.transpose();
  factor.matrixL().solveInPlace(component.explained);
  component.mean = (component.explained.transpose() * (y - level * ones)).array() + level;
  component.trend = (1.0 - (component.explained.transpose() * ones).array()) / std::sqrt(precision);
  component.variance = component.trend.array().square() -
                       component.explained.colwise().squaredNorm().transpose().array();
  for (Index j = 0; j < cells; ++j) {
    const auto cell = static_cast<std::size_t>(j);
    component.variance[j] = std::max(
        1e-12, component.scale2 * (component.variance[j] + Correlation(component, cell, cell)));
  }
}

namespace {

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
