#include "value_kernel.h"

#include <array>
#include <cmath>
#include <numbers>

#include "need.h"

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
// No island has just the shape that is looked for: so much of its variance is a process of its own,
// of this length, an index.
constexpr double kIslandFree = 0.1;
constexpr std::size_t kIslandLength = 1;

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

double AlongNeed(double a, double b) {
  return std::exp(-std::abs(a - b) / kNeedLength);
}

}  // namespace

const std::size_t ValueKernel::kLengthCount = kLengths.size();
const std::size_t ValueKernel::kNoiseCount = kNoiseRatios.size();
const std::size_t ValueKernel::kStructureCount = kStructures.size();

double ValueKernel::NoiseRatio(const ValueHyper& hyper) {
  return kNoiseRatios[hyper.noise];
}
double ValueKernel::CtxLength(const ValueHyper& hyper) {
  return kLengths[hyper.ctx_length];
}
double ValueKernel::BatchLength(const ValueHyper& hyper) {
  return kLengths[hyper.batch_length];
}
bool ValueKernel::HasNeed(std::size_t structure) {
  return structure >= kFirstWithNeed;
}

ValueKernel::ValueKernel(const SearchGrid& grid) : grid_(&grid) {
  for (const double length : kLengths) {
    across_tables_.push_back(CorrelationTable(grid.across(), length));
    down_tables_.push_back(CorrelationTable(grid.down(), length));
  }
  ctx_ridges_ = RidgeTable(grid.across(), {8192});
  batch_ridges_ = RidgeTable(grid.down(), {256, 512});
  for (const double bilinear : kBilinearShares) {
    for (int step = 0; step < kAngles; ++step) {
      const double angle = std::numbers::pi / 2.0 * step / (kAngles - 1);
      const std::vector<double> need = NeedAlong(grid, angle, bilinear);
      needs_.emplace_back(Eigen::Map<const VectorXd>(need.data(), static_cast<Index>(need.size())));
    }
  }
}

double ValueKernel::Correlation(const ValueHyper& hyper, const ValueSteps& steps, std::size_t a,
                                std::size_t b) const {
  const Structure& share = kStructures[hyper.structure];
  const auto ctx_a = static_cast<Index>(grid_->AcrossIndex(a));
  const auto ctx_b = static_cast<Index>(grid_->AcrossIndex(b));
  const auto batch_a = static_cast<Index>(grid_->DownIndex(a));
  const auto batch_b = static_cast<Index>(grid_->DownIndex(b));
  const double ctx = across_tables_[hyper.ctx_length](ctx_a, ctx_b);
  const double batch = down_tables_[hyper.batch_length](batch_a, batch_b);
  double result = share.product * ctx * batch + share.axis * (ctx + batch) +
                  share.ridge * (ctx_ridges_(ctx_a, ctx_b) + batch_ridges_(batch_a, batch_b));
  const auto i = static_cast<Index>(a);
  const auto j = static_cast<Index>(b);
  if (share.need > 0.0) {
    const VectorXd& need = needs_[hyper.direction];
    result += share.need * AlongNeed(need[i], need[j]);
  }
  for (const ValueStep& step : steps) {
    if (step.is_island) {
      result +=
          step.share * (*step.side)[i] * (*step.side)[j] * OnIsland(ctx_a, ctx_b, batch_a, batch_b);
    } else {
      result += step.share * (a == b ? 1.0 : (*step.side)[i] * (*step.side)[j]);
    }
  }
  return result;
}

double ValueKernel::OnIsland(Index ctx_a, Index ctx_b, Index batch_a, Index batch_b) const {
  return 1.0 - kIslandFree +
         kIslandFree * across_tables_[kIslandLength](ctx_a, ctx_b) *
             down_tables_[kIslandLength](batch_a, batch_b);
}

void ValueKernel::AddIsland(const ValueStep& step, std::size_t cell, VectorXd& correlations) const {
  const VectorXd& height = *step.side;
  const double here = step.share * height[static_cast<Index>(cell)];
  if (here == 0.0) return;
  const auto ctx_at = static_cast<Index>(grid_->AcrossIndex(cell));
  const auto batch_at = static_cast<Index>(grid_->DownIndex(cell));
  for (Index other = 0; other < height.size(); ++other) {
    if (height[other] == 0.0) continue;
    const auto ctx = static_cast<Index>(grid_->AcrossIndex(static_cast<std::size_t>(other)));
    const auto batch = static_cast<Index>(grid_->DownIndex(static_cast<std::size_t>(other)));
    correlations[other] += here * height[other] * OnIsland(ctx, ctx_at, batch, batch_at);
  }
}

VectorXd ValueKernel::CorrelationsWith(const ValueHyper& hyper, const ValueSteps& steps,
                                       std::size_t cell) const {
  const Structure& share = kStructures[hyper.structure];
  const auto batches = static_cast<Index>(grid_->down().values.size());
  const auto contexts = static_cast<Index>(grid_->across().values.size());
  const auto ctx_at = static_cast<Index>(grid_->AcrossIndex(cell));
  const auto batch_at = static_cast<Index>(grid_->DownIndex(cell));
  const auto at = static_cast<Index>(cell);
  const auto batch = down_tables_[hyper.batch_length].col(batch_at);
  const VectorXd by_batch = share.axis * batch + share.ridge * batch_ridges_.col(batch_at);
  VectorXd result(contexts * batches);
  for (Index c = 0; c < contexts; ++c) {
    const double ctx = across_tables_[hyper.ctx_length](c, ctx_at);
    const double level = share.axis * ctx + share.ridge * ctx_ridges_(c, ctx_at);
    result.segment(c * batches, batches) = (share.product * ctx * batch + by_batch).array() + level;
  }
  if (share.need > 0.0) {
    const VectorXd& need = needs_[hyper.direction];
    result.array() += share.need * (-(need.array() - need[at]).abs() / kNeedLength).exp();
  }
  for (const ValueStep& step : steps) {
    if (step.is_island) {
      AddIsland(step, cell, result);
    } else {
      result += step.share * (*step.side)[at] * *step.side;
    }
  }
  return result;
}

KernelGrams::KernelGrams(const ValueKernel& kernel, const std::vector<std::size_t>& cells)
    : kernel_(&kernel), need_grams_(kernel.needs_.size()) {
  std::vector<Index> ctx;
  std::vector<Index> batch;
  for (const std::size_t cell : cells) {
    cells_.push_back(static_cast<Index>(cell));
    ctx.push_back(static_cast<Index>(kernel.grid_->AcrossIndex(cell)));
    batch.push_back(static_cast<Index>(kernel.grid_->DownIndex(cell)));
  }
  for (const MatrixXd& table : kernel.across_tables_) ctx_grams_.emplace_back(table(ctx, ctx));
  for (const MatrixXd& table : kernel.down_tables_) batch_grams_.emplace_back(table(batch, batch));
  ridges_ = kernel.ctx_ridges_(ctx, ctx) + kernel.batch_ridges_(batch, batch);
}

void KernelGrams::Write(const ValueHyper& hyper, const ValueSteps& steps, MatrixXd& gram) {
  const Structure& share = kStructures[hyper.structure];
  const MatrixXd& ctx = ctx_grams_[hyper.ctx_length];
  const MatrixXd& batch = batch_grams_[hyper.batch_length];
  gram = share.product * ctx.cwiseProduct(batch) + share.axis * (ctx + batch);
  if (share.ridge > 0.0) gram += share.ridge * ridges_;
  if (share.need > 0.0) gram += share.need * NeedGram(hyper.direction);
  for (const ValueStep& step : steps) {
    const VectorXd side = (*step.side)(cells_);
    const MatrixXd both = step.share * side * side.transpose();
    gram += (1.0 - (step.is_island ? kIslandFree : 0.0)) * both;
    if (step.is_island) {
      gram +=
          kIslandFree *
          both.cwiseProduct(ctx_grams_[kIslandLength]).cwiseProduct(batch_grams_[kIslandLength]);
    }
  }
}

const MatrixXd& KernelGrams::NeedGram(std::size_t direction) {
  MatrixXd& gram = need_grams_[direction];
  if (gram.size() == 0) {
    const VectorXd need = kernel_->needs_[direction](cells_);
    gram = MatrixXd::NullaryExpr(need.size(), need.size(),
                                 [&](Index a, Index b) { return AlongNeed(need[a], need[b]); });
  }
  return gram;
}

}  // namespace ollama_bench
