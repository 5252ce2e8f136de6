#include "ollama_bench/search/value_model.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numbers>
#include <queue>
#include <set>

#include "ollama_bench/search/need.h"

namespace ollama_bench {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr std::array kLengths = {0.08, 0.15, 0.3, 0.6, 1.2, 3.0};
constexpr std::array kNoiseRatios = {5e-4, 4e-3, 0.03, 0.2, 1.0, 6.0};

/// Shares of a signal's variance: each axis by itself, both together, the ridges, need.
struct Structure {
  double axis;
  double product;
  double ridge;
  double need;
};
constexpr std::array kStructures = {
    Structure{0.0, 1.0, 0.0, 0.0},   Structure{0.45, 0.1, 0.0, 0.0}, Structure{0.0, 1.0, 0.03, 0.0},
    Structure{0.45, 0.1, 0.03, 0.0}, Structure{0.3, 0.1, 0.0, 0.5},  Structure{0.3, 0.1, 0.03, 0.5},
};
constexpr std::size_t kFirstWithNeed = 4;

constexpr int kAngles = 5;
constexpr std::array kBilinearShares = {0.0, 1.0};
constexpr double kNeedLength = 0.5;

constexpr double kLengthCentre = 0.6;
constexpr double kLengthSpread = 0.8;
constexpr double kNoiseCentre = 0.015;
constexpr double kNoiseSpread = 0.8;
constexpr double kScaleShape = 1.0;
constexpr double kScaleRate = 1e-4;
constexpr double kScaleCentre = 0.1;
constexpr double kScaleSpread = 1.2;
constexpr double kKeptMass = 0.97;
constexpr std::size_t kMostComponents = 12;
/// A point of the lattice this much below the best, in log evidence, has no neighbours worth a
/// look.
constexpr double kWorthExpanding = 4.0;
constexpr std::size_t kMostPoints = 200;

double Matern52(double distance, double length) {
  const double r = std::sqrt(5.0) * distance / length;
  return (1.0 + r + r * r / 3.0) * std::exp(-r);
}

MatrixXd CorrelationTable(const SearchAxis& axis, double length) {
  const auto size = static_cast<Index>(axis.values.size());
  return MatrixXd::NullaryExpr(size, size, [&](Index a, Index b) {
    const auto i = static_cast<std::size_t>(a);
    const auto j = static_cast<std::size_t>(b);
    return Matern52(std::abs(axis.position[i] - axis.position[j]), length);
  });
}

MatrixXd RidgeTable(const SearchAxis& axis, const std::vector<int>& multiples) {
  const auto size = static_cast<Index>(axis.values.size());
  MatrixXd table = MatrixXd::Zero(size, size);
  for (const int multiple : multiples) {
    VectorXd on(size);
    for (Index i = 0; i < size; ++i) {
      on[i] = axis.values[static_cast<std::size_t>(i)] % multiple == 0 ? 1.0 : 0.0;
    }
    table += on * on.transpose();
  }
  return table;
}

double Squared(double value) {
  return value * value;
}

double LogLengthPrior(std::size_t length) {
  return -0.5 * Squared(std::log(kLengths[length] / kLengthCentre) / kLengthSpread);
}

}  // namespace

/// The log evidence of points of the lattice for one set of data.
class ValueModel::Evidence {
 public:
  Evidence(const ValueModel& model, const ValueData& data)
      : model_(&model),
        data_(&data),
        size_(static_cast<Index>(data.cells.size())),
        inverse_visits_(Eigen::Map<const VectorXd>(data.visits.data(), size_).cwiseInverse()),
        right_(size_, 2) {
    const SearchGrid& grid = *model.grid_;
    for (const std::size_t cell : data.cells) {
      ctx_.push_back(static_cast<Index>(grid.CtxIndex(cell)));
      batch_.push_back(static_cast<Index>(grid.BatchIndex(cell)));
    }
    for (const MatrixXd& table : model.ctx_tables_) ctx_grams_.emplace_back(table(ctx_, ctx_));
    for (const MatrixXd& table : model.batch_tables_) {
      batch_grams_.emplace_back(table(batch_, batch_));
    }
    ridges_ = model.ctx_ridges_(ctx_, ctx_) + model.batch_ridges_(batch_, batch_);
    right_.col(0).setOnes();
    right_.col(1) = Eigen::Map<const VectorXd>(data.mean.data(), size_);
  }

  ValueComponent At(const ValueHyper& hyper) {
    const Structure& share = kStructures[hyper.structure];
    const MatrixXd& ctx = ctx_grams_[hyper.ctx_length];
    const MatrixXd& batch = batch_grams_[hyper.batch_length];
    gram_ = share.product * ctx.cwiseProduct(batch) + share.axis * (ctx + batch);
    if (share.ridge > 0.0) gram_ += share.ridge * ridges_;
    if (share.need > 0.0) gram_ += share.need * NeedGram(hyper.direction);
    const double ratio = kNoiseRatios[hyper.noise];
    gram_.diagonal() += ratio * inverse_visits_;
    ValueComponent component;
    component.hyper = hyper;
    const Eigen::LLT<Eigen::Ref<MatrixXd>> factor(gram_);
    const MatrixXd z = factor.matrixL().solve(right_);
    const double ones = z.col(0).squaredNorm();
    const double cross = z.col(0).dot(z.col(1));
    const double fit = z.col(1).squaredNorm() - cross * cross / ones;
    const double count = static_cast<double>(data_->count);
    const double rate = kScaleRate + 0.5 * (fit + data_->within / ratio);
    const double shape = kScaleShape + 0.5 * (count - 1.0);
    component.scale2 = rate / shape;
    component.noise2 = ratio * component.scale2;
    const double noise = 0.5 * std::log(component.noise2);
    component.log_evidence =
        LogLengthPrior(hyper.ctx_length) + LogLengthPrior(hyper.batch_length) -
        gram_.diagonal().array().log().sum() - 0.5 * std::log(ones) -
        0.5 * (count - static_cast<double>(size_)) * std::log(ratio) - shape * std::log(rate) -
        0.5 * Squared((noise - std::log(kNoiseCentre)) / kNoiseSpread) -
        0.5 * Squared((0.5 * std::log(component.scale2) - std::log(kScaleCentre)) / kScaleSpread);
    if (hyper.structure >= kFirstWithNeed) {
      component.log_evidence -= std::log(static_cast<double>(model_->needs_.size()));
    }
    return component;
  }

 private:
  const MatrixXd& NeedGram(std::size_t direction) {
    MatrixXd& gram = need_grams_[direction];
    if (gram.size() == 0) {
      const VectorXd& need = model_->needs_[direction];
      gram = MatrixXd::NullaryExpr(size_, size_, [&](Index a, Index b) {
        const auto cell_a = static_cast<Index>(data_->cells[static_cast<std::size_t>(a)]);
        const auto cell_b = static_cast<Index>(data_->cells[static_cast<std::size_t>(b)]);
        return std::exp(-std::abs(need[cell_a] - need[cell_b]) / kNeedLength);
      });
    }
    return gram;
  }

  const ValueModel* model_;
  const ValueData* data_;
  Index size_;
  VectorXd inverse_visits_;
  MatrixXd right_;
  std::vector<Index> ctx_;
  std::vector<Index> batch_;
  std::vector<MatrixXd> ctx_grams_;
  std::vector<MatrixXd> batch_grams_;
  MatrixXd ridges_;
  std::map<std::size_t, MatrixXd> need_grams_;
  MatrixXd gram_;
};

ValueModel::ValueModel(const SearchGrid& grid) : grid_(&grid) {
  for (const double length : kLengths) {
    ctx_tables_.push_back(CorrelationTable(grid.ctx(), length));
    batch_tables_.push_back(CorrelationTable(grid.batch(), length));
  }
  ctx_ridges_ = RidgeTable(grid.ctx(), {8192});
  batch_ridges_ = RidgeTable(grid.batch(), {256, 512});
  for (const double bilinear : kBilinearShares) {
    for (int step = 0; step < kAngles; ++step) {
      const double angle = std::numbers::pi / 2.0 * step / (kAngles - 1);
      const std::vector<double> need = NeedAlong(grid, angle, bilinear);
      needs_.emplace_back(Eigen::Map<const VectorXd>(need.data(), static_cast<Index>(need.size())));
    }
  }
}

double ValueModel::Correlation(const ValueHyper& hyper, std::size_t a, std::size_t b) const {
  const Structure& share = kStructures[hyper.structure];
  const auto ctx_a = static_cast<Index>(grid_->CtxIndex(a));
  const auto ctx_b = static_cast<Index>(grid_->CtxIndex(b));
  const auto batch_a = static_cast<Index>(grid_->BatchIndex(a));
  const auto batch_b = static_cast<Index>(grid_->BatchIndex(b));
  const double ctx = ctx_tables_[hyper.ctx_length](ctx_a, ctx_b);
  const double batch = batch_tables_[hyper.batch_length](batch_a, batch_b);
  double result = share.product * ctx * batch + share.axis * (ctx + batch) +
                  share.ridge * (ctx_ridges_(ctx_a, ctx_b) + batch_ridges_(batch_a, batch_b));
  if (share.need > 0.0) {
    const VectorXd& need = needs_[hyper.direction];
    result +=
        share.need * std::exp(-std::abs(need[static_cast<Index>(a)] - need[static_cast<Index>(b)]) /
                              kNeedLength);
  }
  return result;
}

VectorXd ValueModel::CorrelationsWith(const ValueHyper& hyper, std::size_t cell) const {
  const Structure& share = kStructures[hyper.structure];
  const auto batches = static_cast<Index>(grid_->batch().values.size());
  const auto contexts = static_cast<Index>(grid_->ctx().values.size());
  const auto ctx_at = static_cast<Index>(grid_->CtxIndex(cell));
  const auto batch_at = static_cast<Index>(grid_->BatchIndex(cell));
  const auto batch = batch_tables_[hyper.batch_length].col(batch_at);
  const VectorXd by_batch = share.axis * batch + share.ridge * batch_ridges_.col(batch_at);
  VectorXd result(contexts * batches);
  for (Index c = 0; c < contexts; ++c) {
    const double ctx = ctx_tables_[hyper.ctx_length](c, ctx_at);
    const double level = share.axis * ctx + share.ridge * ctx_ridges_(c, ctx_at);
    result.segment(c * batches, batches) = (share.product * ctx * batch + by_batch).array() + level;
  }
  if (share.need > 0.0) {
    const VectorXd& need = needs_[hyper.direction];
    result.array() +=
        share.need * (-(need.array() - need[static_cast<Index>(cell)]).abs() / kNeedLength).exp();
  }
  return result;
}

double ValueModel::Covariance(const ValueComponent& component, std::size_t a, std::size_t b) const {
  const auto i = static_cast<Index>(a);
  const auto j = static_cast<Index>(b);
  return component.scale2 * (Correlation(component.hyper, a, b) -
                             component.explained.col(i).dot(component.explained.col(j)) +
                             component.trend[i] * component.trend[j]);
}

std::vector<ValueHyper> ValueModel::Neighbours(const ValueHyper& hyper) const {
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
  steps(&ValueHyper::ctx_length, kLengths.size());
  steps(&ValueHyper::batch_length, kLengths.size());
  steps(&ValueHyper::noise, kNoiseRatios.size());
  if (hyper.structure >= kFirstWithNeed) {
    for (std::size_t d = 0; d < needs_.size(); ++d) {
      ValueHyper next = hyper;
      next.direction = d;
      if (d != hyper.direction) result.push_back(next);
    }
  }
  return result;
}

std::vector<ValueComponent> ValueModel::Fit(const ValueData& data) const {
  Evidence evidence(*this, data);
  std::vector<ValueComponent> components;
  std::set<ValueHyper> seen;
  std::priority_queue<std::pair<double, ValueHyper>> open;
  double best = -1e300;
  const auto visit = [&](const ValueHyper& hyper) {
    if (!seen.insert(hyper).second) return;
    components.push_back(evidence.At(hyper));
    const double value = components.back().log_evidence;
    best = std::max(best, value);
    open.emplace(value, hyper);
  };
  for (std::size_t s = 0; s < kStructures.size(); ++s) {
    visit({2, 2, 2, s, s >= kFirstWithNeed ? std::size_t{2} : std::size_t{0}});
    visit({4, 4, 3, s, s >= kFirstWithNeed ? std::size_t{2} : std::size_t{0}});
  }
  while (!open.empty() && seen.size() < kMostPoints && open.top().first > best - kWorthExpanding) {
    const ValueHyper hyper = open.top().second;
    open.pop();
    for (const ValueHyper& next : Neighbours(hyper)) visit(next);
  }
  std::stable_sort(components.begin(), components.end(),
                   [](const auto& a, const auto& b) { return a.log_evidence > b.log_evidence; });
  double total = 0.0;
  for (ValueComponent& component : components) {
    component.weight = std::exp(component.log_evidence - best);
    total += component.weight;
  }
  double kept = 0.0;
  std::size_t keep = 0;
  while (keep < components.size() && keep < kMostComponents && kept < kKeptMass * total) {
    kept += components[keep++].weight;
  }
  components.resize(keep);
  for (ValueComponent& component : components) {
    component.weight /= kept;
    Complete(data, component);
  }
  return components;
}

void ValueModel::Complete(const ValueData& data, ValueComponent& component) const {
  const auto size = static_cast<Index>(data.cells.size());
  const auto cells = static_cast<Index>(grid_->CellCount());
  const double ratio = component.noise2 / component.scale2;
  MatrixXd across(cells, size);
  for (Index i = 0; i < size; ++i) {
    across.col(i) = CorrelationsWith(component.hyper, data.cells[static_cast<std::size_t>(i)]);
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
    component.variance[j] =
        std::max(1e-12, component.scale2 *
                            (component.variance[j] + Correlation(component.hyper, cell, cell)));
  }
}

}  // namespace ollama_bench
