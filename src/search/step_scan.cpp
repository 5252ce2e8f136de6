#include "step_scan.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <numbers>
#include <numeric>
#include <utility>

#include "need.h"
#include "ollama_bench/core/random.h"

namespace ollama_bench {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr int kAngles = 10;
constexpr std::array kBilinearShares = {0.0, 0.7, 2.0};
constexpr std::array kShares = {0.003, 0.03, 0.3, 3.0};
constexpr double kPriorOfStep = 0.3;
// Of an island that is rather like one of the lattice than like any other, which differ little.
constexpr double kPriorOfIsland = 0.004;

/// Where a line of one direction may lie without changing the side of any measured cell.
struct Gap {
  std::size_t direction;
  double low;
  double high;
};

/// One way to split the measured cells, or an island, whose heights are then the sides.
struct Split {
  const Island* island = nullptr;
  double prior = 0.0;    ///< the share of all lines that split them so
  double quadratic = 0;  ///< s' K⁻¹ s, s the sides
  double ones = 0.0;     ///< s' K⁻¹ 1
  double mean = 0.0;     ///< s' K⁻¹ y
  std::vector<Gap> gaps;
};

/// K⁻¹ and what is often asked of it.
struct Inverse {
  MatrixXd matrix;
  VectorXd ones;
  VectorXd mean;
  EvidenceTerms terms;

  Inverse(const MatrixXd& gram, const VectorXd& y) {
    const Index size = gram.rows();
    const Eigen::LLT<MatrixXd> factor(gram);
    matrix = factor.solve(MatrixXd::Identity(size, size));
    ones = matrix.rowwise().sum();
    mean = matrix * y;
    terms.log_determinant = 2.0 * factor.matrixLLT().diagonal().array().log().sum();
    terms.ones = ones.sum();
    terms.cross = mean.sum();
    terms.fit = y.dot(mean);
  }
  /// After adding share · s s', by Sherman and Morrison.
  [[nodiscard]] EvidenceTerms With(const Split& split, double share) const {
    const double weight = share / (1.0 + share * split.quadratic);
    return {terms.log_determinant + std::log1p(share * split.quadratic),
            terms.ones - weight * split.ones * split.ones,
            terms.cross - weight * split.ones * split.mean,
            terms.fit - weight * split.mean * split.mean};
  }
};

/// Walks the lines of one direction upwards, cell by cell to the lower side.
void Walk(std::size_t direction, const VectorXd& need, const Inverse& inverse,
          const std::vector<std::uint64_t>& names, std::map<std::uint64_t, Split>& splits) {
  const Index size = need.size();
  std::vector<Index> order(static_cast<std::size_t>(size));
  std::iota(order.begin(), order.end(), Index{0});
  std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) { return need[a] < need[b]; });
  VectorXd product = inverse.ones;  // K⁻¹ s
  double quadratic = inverse.terms.ones;
  double ones = inverse.terms.ones;
  double mean = inverse.terms.cross;
  std::uint64_t name = 0;
  for (std::size_t i = 0; i + 1 < order.size(); ++i) {
    const Index cell = order[i];
    quadratic += 4.0 * (inverse.matrix(cell, cell) - product[cell]);
    product -= 2.0 * inverse.matrix.col(cell);
    ones -= 2.0 * inverse.ones[cell];
    mean -= 2.0 * inverse.mean[cell];
    name ^= names[static_cast<std::size_t>(cell)];
    const double low = need[cell];
    const double high = need[order[i + 1]];
    if (high - low < 1e-9) continue;
    Split& split = splits[name];
    split.prior += high - low;
    split.quadratic = quadratic;
    split.ones = ones;
    split.mean = mean;
    split.gaps.push_back({direction, low, high});
  }
}

/// By a name of its own for each way to split the cells.
using Splits = std::map<std::uint64_t, Split>;

Splits FindSplits(const std::vector<VectorXd>& needs, const std::vector<std::size_t>& measured,
                  const Inverse& inverse) {
  Random random(1);
  std::vector<std::uint64_t> names;
  std::vector<Index> cells;
  for (const std::size_t cell : measured) {
    names.push_back(random.Bits());
    cells.push_back(static_cast<Index>(cell));
  }
  Splits splits;
  for (std::size_t d = 0; d < needs.size(); ++d) Walk(d, needs[d](cells), inverse, names, splits);
  return splits;
}

/// By cell of the grid: the mean of its side over all lines that split the measured cells so.
std::shared_ptr<const VectorXd> MeanSide(const std::vector<VectorXd>& needs, const Split& split) {
  VectorXd side = VectorXd::Zero(needs.front().size());
  for (const Gap& gap : split.gaps) {
    const double width = gap.high - gap.low;
    const auto above = ((needs[gap.direction].array() - gap.low) / width).max(0.0).min(1.0);
    side.array() += width / split.prior * (2.0 * above - 1.0);
  }
  return std::make_shared<const VectorXd>(std::move(side));
}

std::vector<Split> IslandSplits(const Islands& islands, const std::vector<std::size_t>& measured,
                                const Inverse& inverse) {
  const MatrixXd heights = islands.Heights(measured);
  const MatrixXd products = inverse.matrix * heights;
  std::vector<Split> splits;
  for (const Island& island : islands.all()) {
    const auto column = static_cast<Index>(splits.size());
    Split& split = splits.emplace_back();
    split.island = &island;
    split.quadratic = products.col(column).dot(heights.col(column));
    split.ones = inverse.ones.dot(heights.col(column));
    split.mean = inverse.mean.dot(heights.col(column));
  }
  return splits;
}

/// A step that may be added.
struct Candidate {
  const Split* split;
  double share;
  double log_prior;
  double log_evidence;
};

}  // namespace

StepScan::StepScan(const SearchGrid& grid) : islands_(grid) {
  for (int step = 0; step < kAngles; ++step) {
    const double angle = std::numbers::pi / 2.0 * step / (kAngles - 1);
    for (const double bilinear : kBilinearShares) {
      const std::vector<double> need = NeedAlong(grid, angle, bilinear);
      needs_.emplace_back(Eigen::Map<const VectorXd>(need.data(), static_cast<Index>(need.size())));
    }
  }
}

std::vector<ValueComponent> StepScan::Extend(ValueEvidence& evidence, const ValueHyper& hyper,
                                             const ValueSteps& steps, std::size_t most) const {
  const ValueData& data = evidence.data();
  const auto size = static_cast<Index>(data.cells.size());
  if (size < 2) return {};
  const Inverse inverse(evidence.Gram(hyper, steps),
                        Eigen::Map<const VectorXd>(data.mean.data(), size));
  const Splits splits = FindSplits(needs_, data.cells, inverse);
  const std::vector<Split> islands = IslandSplits(islands_, data.cells, inverse);
  std::vector<Candidate> candidates;
  const auto add = [&](const Split& split, double prior) {
    const double log_prior = std::log(prior / kShares.size());
    for (const double share : kShares) {
      const ValueComponent component = evidence.From(hyper, inverse.With(split, share));
      candidates.push_back({&split, share, log_prior, component.log_evidence + log_prior});
    }
  };
  const double each = kPriorOfStep / static_cast<double>(needs_.size());
  for (const auto& [name, split] : splits) add(split, each * split.prior);
  for (const Split& island : islands) add(island, kPriorOfIsland);
  const auto keep = static_cast<std::ptrdiff_t>(std::min(most, candidates.size()));
  std::partial_sort(candidates.begin(), candidates.begin() + keep, candidates.end(),
                    [](const auto& a, const auto& b) { return a.log_evidence > b.log_evidence; });
  candidates.resize(static_cast<std::size_t>(keep));
  std::vector<ValueComponent> result;
  for (const Candidate& candidate : candidates) {
    const Split& split = *candidate.split;
    const bool is_island = split.island != nullptr;
    ValueSteps extended = steps;
    extended.push_back({candidate.share, candidate.log_prior, is_island,
                        is_island ? islands_.Shape(*split.island) : MeanSide(needs_, split)});
    if (is_island) {
      // The scan took its shape for known.
      result.push_back(evidence.At(hyper, extended));
      continue;
    }
    ValueComponent component = evidence.From(hyper, inverse.With(split, candidate.share));
    for (const ValueStep& step : extended) component.log_evidence += step.log_prior;
    component.steps = std::move(extended);
    result.push_back(std::move(component));
  }
  return result;
}

}  // namespace ollama_bench
