#include "islands.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "normal.h"

namespace ollama_bench {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// What is narrower than the first, no search of some dozen visits finds; what is wider than the
// last, the smooth part of the model sees by itself.
constexpr std::array kReaches = {0.2, 0.3};
constexpr std::size_t kMostPerAxis = 13;

/// At most kMostPerAxis indices of an axis, evenly, both ends among them.
std::vector<std::size_t> Spread(std::size_t size) {
  const std::size_t count = std::min(size, kMostPerAxis);
  std::vector<std::size_t> result;
  for (std::size_t i = 0; i < count; ++i) {
    result.push_back(count > 1 ? i * (size - 1) / (count - 1) : 0);
  }
  return result;
}

}  // namespace

Islands::Islands(const SearchGrid& grid) : grid_(&grid) {
  for (const std::size_t ctx : Spread(grid.across().values.size())) {
    for (const std::size_t batch : Spread(grid.down().values.size())) {
      tops_.push_back(grid.At(ctx, batch));
      for (const double reach : kReaches) islands_.push_back({tops_.back(), reach});
    }
  }
}

double Islands::Height(const Island& island, std::size_t cell) const {
  const double squared = grid_->SquaredDistance(island.top, cell) / (island.reach * island.reach);
  const double inside = std::max(0.0, 1.0 - squared);
  return inside * inside;
}

MatrixXd Islands::Heights(const std::vector<std::size_t>& cells) const {
  return MatrixXd::NullaryExpr(static_cast<Index>(cells.size()),
                               static_cast<Index>(islands_.size()), [&](Index cell, Index island) {
                                 return Height(islands_[static_cast<std::size_t>(island)],
                                               cells[static_cast<std::size_t>(cell)]);
                               });
}

std::shared_ptr<const VectorXd> Islands::Shape(const Island& island) const {
  return std::make_shared<const VectorXd>(VectorXd::NullaryExpr(
      static_cast<Index>(grid_->CellCount()),
      [&](Index cell) { return Height(island, static_cast<std::size_t>(cell)); }));
}

namespace {

constexpr double kPriorOfIsland = 0.3;
// Of an island's height, in log rate: half of a normal distribution.
constexpr double kHeight = 0.2;
// Cells less likely than this to load and to be in the fast regime are left out.
constexpr double kImpossible = 1e-3;
// As many of the heaviest components are asked as have this share of the mass, and no more than so
// many.
constexpr double kMassAsked = 0.8;
constexpr std::size_t kMostAsked = 3;

/// The height of one island, if it is there.
struct Height {
  double mean = 0.0;    ///< before it is known to be positive
  double sd = 0.0;      ///< the same
  double factor = 0.0;  ///< how much likelier the data are with the island than without
};

/// From the precision that the data have of the height, and from what they say, times it.
Height HeightOf(double precision, double evidence) {
  constexpr double kVariance = kHeight * kHeight;
  const double shrink = 1.0 / (1.0 + kVariance * precision);
  Height height;
  height.mean = kVariance * evidence * shrink;
  height.sd = kHeight * std::sqrt(shrink);
  const double fit = 0.5 * evidence * evidence * kVariance * shrink;
  height.factor = 2.0 * NormalBelow(height.mean / height.sd) *
                  std::exp(std::min(50.0, 0.5 * std::log(shrink) + fit));
  return height;
}

/// The mean of max(0, base + slope · height), the height positive.
double MeanGain(const Height& height, double base, double slope) {
  if (slope <= 0.0 || base > 0.0) return 0.0;
  const double z = (height.mean + base / slope) / height.sd;
  if (z < -6.0) return 0.0;
  const double above = height.sd * (NormalDensity(z) + z * NormalBelow(z));
  return slope * above / std::max(1e-12, NormalBelow(height.mean / height.sd));
}

/// Covariances of `cells` with those of the data, in units of the signal's variance.
MatrixXd Across(const ValueModel& values, const ValueComponent& component,
                const std::vector<std::size_t>& cells, const ValueData& data) {
  return MatrixXd::NullaryExpr(static_cast<Index>(cells.size()),
                               static_cast<Index>(data.cells.size()), [&](Index a, Index b) {
                                 return values.Correlation(component,
                                                           cells[static_cast<std::size_t>(a)],
                                                           data.cells[static_cast<std::size_t>(b)]);
                               });
}

/// One component with each island in turn on top of it.
class Tested {
 public:
  /// `seen` are the islands' heights at the measured cells, `shapes` those at `cells`.
  Tested(const ValueModel& values, const ValueComponent& component, const ValueData& data,
         const MatrixXd& seen, const MatrixXd& shapes, const std::vector<std::size_t>& cells)
      : shapes_(&shapes), raised_(shapes) {
    const auto count = static_cast<Index>(data.cells.size());
    const VectorXd y = Eigen::Map<const VectorXd>(data.mean.data(), count);
    MatrixXd gram = Across(values, component, data.cells, data);
    gram.diagonal() += component.noise2 / component.scale2 *
                       Eigen::Map<const VectorXd>(data.visits.data(), count).cwiseInverse();
    const Eigen::LLT<MatrixXd> factor(gram);
    const VectorXd ones = factor.solve(VectorXd::Ones(count));
    MatrixXd solved = factor.solve(seen);
    // The unknown mean takes up a part of each island, the rest of the model another.
    const Eigen::RowVectorXd level = solved.colwise().sum() / ones.sum();
    solved.noalias() -= ones * level;
    raised_.noalias() -= Across(values, component, cells, data) * solved;
    raised_.rowwise() -= level;
    for (Index i = 0; i < seen.cols(); ++i) {
      heights_.push_back(HeightOf(solved.col(i).dot(seen.col(i)) / component.scale2,
                                  solved.col(i).dot(y) / component.scale2));
    }
    const double each = kPriorOfIsland / static_cast<double>(heights_.size());
    double odds = 0.0;
    for (const Height& height : heights_) odds += each * height.factor;
    weight_ = each / (1.0 - kPriorOfIsland + odds);
  }

  /// What islands around the cell in row `at` are expected to raise it above the one in `leader`,
  /// which it is `base` above without any.
  [[nodiscard]] double Gain(Index at, Index leader, double base) const {
    double gain = 0.0;
    for (Index i = 0; i < raised_.cols(); ++i) {
      if ((*shapes_)(at, i) == 0.0) continue;
      const Height& height = heights_[static_cast<std::size_t>(i)];
      gain += height.factor * MeanGain(height, base, raised_(at, i) - raised_(leader, i));
    }
    return weight_ * gain;
  }

 private:
  const MatrixXd* shapes_;
  MatrixXd raised_;              ///< by cell and island: what a height of 1 adds in the end
  std::vector<Height> heights_;  ///< by island
  double weight_ = 0.0;          ///< of an island whose factor is 1
};

}  // namespace

IslandScan::IslandScan(const SearchGrid& grid)
    : cells_(grid.CellCount()), islands_(grid), at_tops_(islands_.Heights(islands_.tops())) {}

std::vector<double> IslandScan::Gains(const ValueModel& values, const SearchBelief& belief) const {
  const auto leader = static_cast<Index>(*belief.leader);
  const Index last = at_tops_.rows();
  std::vector<std::size_t> cells = islands_.tops();
  cells.push_back(*belief.leader);
  MatrixXd shapes(last + 1, at_tops_.cols());
  shapes << at_tops_, islands_.Heights({*belief.leader});
  const MatrixXd seen = islands_.Heights(belief.data.cells);
  std::vector<double> gains(cells_, 0.0);
  double asked = 0.0;
  for (std::size_t k = 0; k < std::min(kMostAsked, belief.components.size()); ++k) {
    const ValueComponent& c = belief.components[k];
    const Tested tested(values, c, belief.data, seen, shapes, cells);
    for (Index x = 0; x < last; ++x) {
      const std::size_t cell = cells[static_cast<std::size_t>(x)];
      const double possible = belief.p_feasible[cell] * belief.p_fast[cell];
      if (possible < kImpossible) continue;
      const double base = c.mean[static_cast<Index>(cell)] - c.mean[leader];
      gains[cell] += c.weight * possible * tested.Gain(x, last, base);
    }
    asked += c.weight;
    if (asked > kMassAsked) break;
  }
  for (double& gain : gains) gain /= asked;
  return gains;
}

}  // namespace ollama_bench
