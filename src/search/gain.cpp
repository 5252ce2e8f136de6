#include "gain.h"

#include <algorithm>
#include <cmath>

#include "normal.h"

namespace ollama_bench {
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
