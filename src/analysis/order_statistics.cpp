#include "ollama_bench/analysis/order_statistics.h"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <cmath>

namespace ollama_bench {
namespace {

// The smallest k for which at most k of n values lie below the quantile with probability `bound`
// or more.
std::size_t SmallestWithin(std::size_t n, double share, double bound) {
  const boost::math::binomial below(static_cast<double>(n), share);
  std::size_t low = 0;
  std::size_t high = n;
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (boost::math::cdf(below, static_cast<double>(middle)) >= bound) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

}  // namespace

std::optional<Quantile> QuantileOf(std::span<const double> values, double share, double level) {
  const std::size_t n = values.size();
  if (n == 0) return std::nullopt;
  const double tail = (1 - level) / 2;
  // Ranks from 1. The lower end is too high where fewer values than its rank lie below the
  // quantile, the upper one too low where at least as many do.
  const std::size_t upper = SmallestWithin(n, share, 1 - tail) + 1;
  std::size_t lower = SmallestWithin(n, share, tail);
  const boost::math::binomial below(static_cast<double>(n), share);
  // Where the probability is met exactly, one more value is allowed.
  if (lower < n && boost::math::cdf(below, static_cast<double>(lower)) <= tail) ++lower;
  if (lower < 1 || upper > n) return std::nullopt;
  const double rank = std::ceil(share * static_cast<double>(n) - 1e-9);
  const auto at = std::clamp(static_cast<std::size_t>(rank), std::size_t{1}, n) - 1;
  return Quantile{values[at], {values[lower - 1], values[upper - 1]}};
}

std::size_t FewestForQuantile(double share, double level) {
  const double far = std::max(share, 1 - share);
  const double tail = (1 - level) / 2;
  auto fewest = static_cast<std::size_t>(std::ceil(std::log(tail) / std::log(far)));
  return std::max(fewest, std::size_t{1});
}

}  // namespace ollama_bench
