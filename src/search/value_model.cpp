#include "ollama_bench/search/value_model.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace ollama_bench {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr std::array kLengths = {0.08, 0.15, 0.3, 0.6, 1.2};
constexpr std::array kNoiseRatios = {5e-4, 4e-3, 0.03, 0.15, 0.6};

/// Shares of a signal's variance: each axis by itself, both together, the ridges.
struct Structure {
  double axis;
  double product;
  double ridge;
};
constexpr std::array kStructures = {
    Structure{0.0, 1.0, 0.0},
    Structure{0.45, 0.1, 0.0},
    Structure{0.0, 1.0, 0.03},
    Structure{0.45, 0.1, 0.03},
};

constexpr double kLengthCentre = 0.35;
constexpr double kLengthSpread = 0.8;
constexpr double kNoiseCentre = 0.015;
constexpr double kNoiseSpread = 0.8;
constexpr double kScaleShape = 1.0;
constexpr double kScaleRate = 0.01;
constexpr double kKeptMass = 0.97;
constexpr std::size_t kMostComponents = 12;

double Matern52(double distance, double length) {
  const double r = std::sqrt(5.0) * distance / length;
  return (1.0 + r + r * r / 3.0) * std::exp(-r);
}

MatrixXd CorrelationTable(const SearchAxis& axis, double length) {
  const auto size = static_cast<Eigen::Index>(axis.values.size());
  return MatrixXd::NullaryExpr(size, size, [&](Eigen::Index a, Eigen::Index b) {
    const auto i = static_cast<std::size_t>(a);
    const auto j = static_cast<std::size_t>(b);
    return Matern52(std::abs(axis.position[i] - axis.position[j]), length);
  });
}

MatrixXd RidgeTable(const SearchAxis& axis, const std::vector<int>& multiples) {
  const auto size = static_cast<Eigen::Index>(axis.values.size());
  MatrixXd table = MatrixXd::Zero(size, size);
  for (const int multiple : multiples) {
    VectorXd on(size);
    for (Eigen::Index i = 0; i < size; ++i) {
      on[i] = axis.values[static_cast<std::size_t>(i)] % multiple == 0 ? 1.0 : 0.0;
    }
    table += on * on.transpose();
  }
  return table;
}

double Squared(double value) {
  return value * value;
}

double LogPrior(std::size_t length) {
  return -0.5 * Squared(std::log(kLengths[length] / kLengthCentre) / kLengthSpread);
}

}  // namespace

/// The tables' entries for the measured cells alone.
struct ValueModel::Gathered {
  std::vector<MatrixXd> ctx;
  std::vector<MatrixXd> batch;
  MatrixXd ridges;
};

ValueModel::ValueModel(const SearchGrid& grid) : grid_(&grid) {
  for (const double length : kLengths) {
    ctx_tables_.push_back(CorrelationTable(grid.ctx(), length));
    batch_tables_.push_back(CorrelationTable(grid.batch(), length));
  }
  ctx_ridges_ = RidgeTable(grid.ctx(), {8192});
  batch_ridges_ = RidgeTable(grid.batch(), {256, 512});
}

MatrixXd ValueModel::Gram(const Gathered& gathered, std::size_t ctx_length,
                          std::size_t batch_length, std::size_t structure) const {
  const Structure& share = kStructures[structure];
  const MatrixXd& ctx = gathered.ctx[ctx_length];
  const MatrixXd& batch = gathered.batch[batch_length];
  return share.product * ctx.cwiseProduct(batch) + share.axis * (ctx + batch) +
         share.ridge * gathered.ridges;
}

double ValueModel::Correlation(const ValueComponent& component, std::size_t a,
                               std::size_t b) const {
  const Structure& share = kStructures[component.structure];
  const auto ctx_a = static_cast<Eigen::Index>(grid_->CtxIndex(a));
  const auto ctx_b = static_cast<Eigen::Index>(grid_->CtxIndex(b));
  const auto batch_a = static_cast<Eigen::Index>(grid_->BatchIndex(a));
  const auto batch_b = static_cast<Eigen::Index>(grid_->BatchIndex(b));
  const double ctx = ctx_tables_[component.ctx_length](ctx_a, ctx_b);
  const double batch = batch_tables_[component.batch_length](batch_a, batch_b);
  return share.product * ctx * batch + share.axis * (ctx + batch) +
         share.ridge * (ctx_ridges_(ctx_a, ctx_b) + batch_ridges_(batch_a, batch_b));
}

double ValueModel::Covariance(const ValueComponent& component, std::size_t a, std::size_t b) const {
  const auto i = static_cast<Eigen::Index>(a);
  const auto j = static_cast<Eigen::Index>(b);
  return component.scale2 * (Correlation(component, a, b) -
                             component.explained.col(i).dot(component.explained.col(j)) +
                             component.trend[i] * component.trend[j]);
}

std::vector<ValueComponent> ValueModel::Fit(const ValueData& data) const {
  const auto size = static_cast<Eigen::Index>(data.cells.size());
  const auto gather = [&](const MatrixXd& table, auto index) -> MatrixXd {
    return MatrixXd::NullaryExpr(size, size, [&](Eigen::Index a, Eigen::Index b) {
      return table(static_cast<Eigen::Index>(index(data.cells[static_cast<std::size_t>(a)])),
                   static_cast<Eigen::Index>(index(data.cells[static_cast<std::size_t>(b)])));
    });
  };
  const auto ctx_index = [this](std::size_t cell) { return grid_->CtxIndex(cell); };
  const auto batch_index = [this](std::size_t cell) { return grid_->BatchIndex(cell); };
  Gathered gathered;
  for (const MatrixXd& table : ctx_tables_) gathered.ctx.emplace_back(gather(table, ctx_index));
  for (const MatrixXd& table : batch_tables_) {
    gathered.batch.emplace_back(gather(table, batch_index));
  }
  gathered.ridges = gather(ctx_ridges_, ctx_index) + gather(batch_ridges_, batch_index);

  const VectorXd y = Eigen::Map<const VectorXd>(data.mean.data(), size);
  const VectorXd inverse_visits =
      Eigen::Map<const VectorXd>(data.visits.data(), size).cwiseInverse();
  const double count = static_cast<double>(data.count);
  MatrixXd right(size, 2);
  right.col(0).setOnes();
  right.col(1) = y;
  std::vector<ValueComponent> components;
  MatrixXd gram;
  MatrixXd shifted;
  for (std::size_t c = 0; c < kLengths.size(); ++c) {
    for (std::size_t b = 0; b < kLengths.size(); ++b) {
      for (std::size_t s = 0; s < kStructures.size(); ++s) {
        gram = Gram(gathered, c, b, s);
        for (const double ratio : kNoiseRatios) {
          shifted = gram;
          shifted.diagonal() += ratio * inverse_visits;
          const Eigen::LLT<Eigen::Ref<MatrixXd>> factor(shifted);
          if (factor.info() != Eigen::Success) continue;
          MatrixXd z = factor.matrixL().solve(right);
          const double ones = z.col(0).squaredNorm();
          const double cross = z.col(0).dot(z.col(1));
          const double fit = z.col(1).squaredNorm() - cross * cross / ones;
          const double rate = kScaleRate + 0.5 * (fit + data.within / ratio);
          const double shape = kScaleShape + 0.5 * (count - 1.0);
          ValueComponent component;
          component.ctx_length = c;
          component.batch_length = b;
          component.structure = s;
          component.scale2 = rate / shape;
          component.noise2 = ratio * component.scale2;
          component.log_evidence =
              LogPrior(c) + LogPrior(b) - shifted.diagonal().array().log().sum() -
              0.5 * std::log(ones) - 0.5 * (count - static_cast<double>(size)) * std::log(ratio) -
              shape * std::log(rate) -
              0.5 * Squared((0.5 * std::log(component.noise2) - std::log(kNoiseCentre)) /
                            kNoiseSpread);
          components.push_back(std::move(component));
        }
      }
    }
  }
  std::stable_sort(components.begin(), components.end(),
                   [](const auto& a, const auto& b) { return a.log_evidence > b.log_evidence; });
  double total = 0.0;
  const double best = components.front().log_evidence;
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
  const auto size = static_cast<Eigen::Index>(data.cells.size());
  const auto cells = static_cast<Eigen::Index>(grid_->CellCount());
  const double ratio = component.noise2 / component.scale2;
  MatrixXd gram(size, size);
  MatrixXd across(size, cells);
  for (Eigen::Index i = 0; i < size; ++i) {
    const std::size_t row = data.cells[static_cast<std::size_t>(i)];
    for (Eigen::Index j = 0; j < cells; ++j) {
      across(i, j) = Correlation(component, row, static_cast<std::size_t>(j));
    }
  }
  for (Eigen::Index j = 0; j < size; ++j) {
    gram.col(j) = across.col(static_cast<Eigen::Index>(data.cells[static_cast<std::size_t>(j)]));
    gram(j, j) += ratio / data.visits[static_cast<std::size_t>(j)];
  }
  const Eigen::LLT<MatrixXd> factor(gram);
  const VectorXd ones = factor.matrixL().solve(VectorXd::Ones(size));
  const VectorXd y = factor.matrixL().solve(Eigen::Map<const VectorXd>(data.mean.data(), size));
  const double precision = ones.squaredNorm();
  const double level = ones.dot(y) / precision;
  component.explained = factor.matrixL().solve(across);
  component.mean = (component.explained.transpose() * (y - level * ones)).array() + level;
  component.trend = (1.0 - (component.explained.transpose() * ones).array()) / std::sqrt(precision);
  component.variance.resize(cells);
  for (Eigen::Index j = 0; j < cells; ++j) {
    const auto cell = static_cast<std::size_t>(j);
    component.variance[j] = std::max(1e-12, Covariance(component, cell, cell));
  }
}

}  // namespace ollama_bench
