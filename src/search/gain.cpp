#include "gain.h"

#include <algorithm>
#include <cmath>

#include "normal.h"
#include "ollama_bench/core/random.h"

namespace ollama_bench {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr std::size_t kCandidates = 120;
constexpr int kDraws = 512;
constexpr double kShownSlower = 0.05;

double Possible(const SearchBelief& belief, std::size_t cell) {
  return belief.p_feasible[cell] * belief.p_fast[cell];
}

/// The leader, then the cells that could be best, most promising first.
std::vector<std::size_t> Candidates(const SearchBelief& belief) {
  const std::size_t leader = *belief.leader;
  std::vector<std::pair<double, std::size_t>> ranked;
  for (std::size_t cell = 0; cell < belief.mean.size(); ++cell) {
    const double possible = Possible(belief, cell);
    if (cell == leader || possible < 0.01) continue;
    const double upper = belief.mean[cell] + 2.5 * belief.sd[cell] + 0.02 * std::log(possible);
    ranked.emplace_back(-upper, cell);
  }
  std::sort(ranked.begin(), ranked.end());
  if (ranked.size() > kCandidates) ranked.resize(kCandidates);
  std::vector<std::size_t> cells = {leader};
  for (const auto& [rank, cell] : ranked) cells.push_back(cell);
  return cells;
}

/// A root of the candidates' covariance under one component.
MatrixXd CovarianceRoot(const ValueModel& values, const ValueComponent& component,
                        const std::vector<std::size_t>& cells) {
  const auto size = static_cast<Eigen::Index>(cells.size());
  MatrixXd explained(component.explained.rows(), size);
  VectorXd trend(size);
  MatrixXd covariance(size, size);
  for (Eigen::Index i = 0; i < size; ++i) {
    const std::size_t cell = cells[static_cast<std::size_t>(i)];
    explained.col(i) = component.explained.col(static_cast<Eigen::Index>(cell));
    trend[i] = component.trend[static_cast<Eigen::Index>(cell)];
    for (Eigen::Index j = 0; j <= i; ++j) {
      covariance(i, j) = values.Correlation(component, cell, cells[static_cast<std::size_t>(j)]);
      covariance(j, i) = covariance(i, j);
    }
  }
  covariance.noalias() -= explained.transpose() * explained;
  covariance.noalias() += trend * trend.transpose();
  covariance *= component.scale2;
  covariance.diagonal().array() += 1e-9 + 1e-6 * component.scale2;
  return MatrixXd(covariance.llt().matrixL());
}

}  // namespace

CertaintySampler::CertaintySampler(std::uint64_t seed) {
  Random random(seed);
  normal_ = MatrixXd::NullaryExpr(kCandidates + 1, kDraws, [&] { return random.Normal(); });
  for (int i = 0; i < kDraws; ++i) chance_.push_back(random.Uniform());
}

Certainty CertaintySampler::Draw(const SearchModel& model, const SearchBelief& belief,
                                 double tolerance) const {
  const std::vector<std::size_t> cells = Candidates(belief);
  const auto size = static_cast<Eigen::Index>(cells.size());
  const double allowed = std::log1p(-tolerance);
  std::vector<double> possible;
  for (const std::size_t cell : cells) possible.push_back(Possible(belief, cell));
  std::vector<int> as_good(cells.size(), 0);
  std::vector<int> wins(cells.size(), 0);
  int sure = 0;
  int drawn = 0;
  double owed = 0.0;
  for (const ValueComponent& component : belief.components) {
    owed += component.weight * kDraws;
    const int draws = static_cast<int>(std::lround(owed)) - drawn;
    if (draws <= 0) continue;
    const MatrixXd root = CovarianceRoot(model.values(), component, cells);
    const MatrixXd values =
        root.triangularView<Eigen::Lower>() * normal_.block(0, drawn, size, draws);
    for (int d = 0; d < draws; ++d) {
      const double chance = chance_[static_cast<std::size_t>(drawn + d)];
      const double leader = component.mean[static_cast<Eigen::Index>(cells[0])] + values(0, d);
      double best = leader;
      std::size_t winner = 0;
      for (std::size_t i = 1; i < cells.size(); ++i) {
        if (possible[i] < chance) continue;
        const double value = component.mean[static_cast<Eigen::Index>(cells[i])] +
                             values(static_cast<Eigen::Index>(i), d);
        if (value >= leader + allowed) ++as_good[i];
        if (value > best) {
          best = value;
          winner = i;
        }
      }
      if (leader >= best + allowed) {
        ++sure;
      } else {
        ++wins[winner];
      }
    }
    drawn += draws;
  }
  Certainty result;
  result.probability = static_cast<double>(sure) / drawn;
  int most = 0;
  for (std::size_t i = 1; i < cells.size(); ++i) {
    if (wins[i] > most) {
      most = wins[i];
      result.challenger = cells[i];
    }
    if (belief.successes[cells[i]] > 0 && as_good[i] >= kShownSlower * drawn) {
      result.equals.push_back(cells[i]);
    }
  }
  return result;
}

namespace {

// Cells less likely than this to load and to be in the fast regime are left out.
constexpr double kImpossible = 1e-3;

double Squared(double x) {
  return x * x;
}

/// The mean of max(0, X), X normal.
double MeanAboveZero(double mean, double sd) {
  if (sd < 1e-9) return std::max(0.0, mean);
  const double z = mean / sd;
  return z < -8.0 ? 0.0 : sd * NormalDensity(z) + mean * NormalBelow(z);
}

}  // namespace

std::vector<double> ExpectedGains(const ValueModel& values, const SearchBelief& belief) {
  const std::size_t leader = *belief.leader;
  const auto l = static_cast<Eigen::Index>(leader);
  std::vector<double> gains(belief.mean.size(), 0.0);
  for (const ValueComponent& c : belief.components) {
    for (std::size_t cell = 0; cell < gains.size(); ++cell) {
      const double possible = belief.p_feasible[cell] * belief.p_fast[cell];
      if (cell == leader || possible < kImpossible) continue;
      const auto x = static_cast<Eigen::Index>(cell);
      const double both = values.Covariance(c, cell, leader);
      const double by_cell = Squared(c.variance[x] - both) / (c.variance[x] + c.noise2);
      const double by_leader = Squared(c.variance[l] - both) / (c.variance[l] + c.noise2);
      gains[cell] += possible * c.weight *
                     MeanAboveZero(c.mean[x] - c.mean[l], std::sqrt(std::max(by_cell, by_leader)));
    }
  }
  return gains;
}

double Told(const ValueModel& values, const SearchBelief& belief, std::size_t at, std::size_t a,
            std::size_t b) {
  double told = 0.0;
  for (const ValueComponent& c : belief.components) {
    const double seen = values.Covariance(c, at, a) - values.Covariance(c, at, b);
    told += c.weight * Squared(seen) / (c.variance[static_cast<Eigen::Index>(at)] + c.noise2);
  }
  return told;
}

}  // namespace ollama_bench
