#include "boundary_model.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "need.h"

namespace ollama_bench {
namespace {

constexpr int kAngles = 10;
constexpr std::array kBilinearShares = {0.0, 0.7, 2.0};

/// The labels of one direction, sorted by need, and what the places of the lines are worth.
class Direction {
 public:
  Direction(const std::vector<double>& need, const std::vector<BoundaryLabel>& labels)
      : knots_(labels.size()), inside_(labels.size() + 1), outside_(labels.size() + 1) {
    std::vector<const BoundaryLabel*> order;
    for (const BoundaryLabel& label : labels) order.push_back(&label);
    std::stable_sort(order.begin(), order.end(),
                     [&](const auto* a, const auto* b) { return need[a->cell] < need[b->cell]; });
    for (std::size_t i = 0; i < order.size(); ++i) {
      knots_[i] = need[order[i]->cell];
      inside_[i + 1] = inside_[i] + order[i]->log_inside;
      outside_[i + 1] = outside_[i] + order[i]->log_outside;
    }
    at_knot_.assign(labels.size() + 2, 0.0);
  }

  /// Log of the largest likelihood, for scaling.
  [[nodiscard]] double Scale() const {
    double best = std::max(inside_.back(), outside_.back());
    for (std::size_t first = 0; first < inside_.size(); ++first) {
      for (std::size_t last = first; last < inside_.size(); ++last) {
        best = std::max({best, LogOuter(first, last), LogBand(first, last)});
      }
    }
    return best;
  }

  void AddEverything(double prior, double scale) {
    Add(prior * std::exp(inside_.back() - scale), 0, at_knot_.size());
  }
  void AddLines(const BoundaryPrior& prior, double scale) {
    const std::size_t gaps = inside_.size();
    for (std::size_t gap = 0; gap < gaps; ++gap) {
      const double width = Width(gap);
      Add(prior.below * width * std::exp(LogOuter(gap, gaps - 1) - scale), 0, gap + 1);
      Add(prior.above * width * std::exp(LogBand(gap, gaps - 1) - scale), gap + 1, at_knot_.size());
    }
  }
  void AddBands(const BoundaryPrior& prior, double scale) {
    const std::size_t gaps = inside_.size();
    for (std::size_t first = 0; first < gaps; ++first) {
      for (std::size_t last = first; last < gaps; ++last) {
        const double width = Width(first) * Width(last) * (first == last ? 1.0 : 2.0);
        const double outer = prior.outer * width * std::exp(LogOuter(first, last) - scale);
        Add(outer, 0, first + 1);
        Add(outer, last + 1, at_knot_.size(), false);
        Add(prior.band * width * std::exp(LogBand(first, last) - scale), first + 1, last + 1);
      }
    }
  }

  /// Adds each cell's mass inside, the directions' sum, to `inside`; returns the whole mass.
  double Finish(const std::vector<double>& need, std::vector<double>& inside) {
    double running = 0.0;
    for (double& value : at_knot_) value = running += value;
    for (std::size_t cell = 0; cell < need.size(); ++cell) inside[cell] += MassAt(need[cell]);
    return mass_;
  }

 private:
  /// A region that reaches over the knots [first, last), the ends 0 and 1 of need being knots too.
  void Add(double mass, std::size_t first, std::size_t last, bool counted = true) {
    if (counted) mass_ += mass;
    if (first >= last) return;
    at_knot_[first] += mass;
    if (last < at_knot_.size()) at_knot_[last] -= mass;
  }
  [[nodiscard]] double Knot(std::size_t index) const {
    if (index == 0) return 0.0;
    return index > knots_.size() ? 1.0 : knots_[index - 1];
  }
  [[nodiscard]] double Width(std::size_t gap) const { return Knot(gap + 1) - Knot(gap); }
  /// Inside before the gap `first` and after the gap `last`.
  [[nodiscard]] double LogOuter(std::size_t first, std::size_t last) const {
    return inside_[first] + (outside_[last] - outside_[first]) + (inside_.back() - inside_[last]);
  }
  /// Inside between the gaps.
  [[nodiscard]] double LogBand(std::size_t first, std::size_t last) const {
    return outside_[first] + (inside_[last] - inside_[first]) + (outside_.back() - outside_[last]);
  }
  [[nodiscard]] double MassAt(double need) const {
    const auto above = std::upper_bound(knots_.begin(), knots_.end(), need);
    const auto gap = static_cast<std::size_t>(above - knots_.begin());
    const double width = Width(gap);
    if (width <= 0.0) return at_knot_[gap];
    const double share = (need - Knot(gap)) / width;
    return (1.0 - share) * at_knot_[gap] + share * at_knot_[gap + 1];
  }

  std::vector<double> knots_;
  std::vector<double> inside_;   ///< by gap: log likelihood of the labels before it, if inside
  std::vector<double> outside_;  ///< the same, if outside
  std::vector<double> at_knot_;
  double mass_ = 0.0;
};

}  // namespace

BoundaryModel::BoundaryModel(const SearchGrid& grid) {
  for (int step = 0; step < kAngles; ++step) {
    const double angle = std::numbers::pi / 2.0 * step / (kAngles - 1);
    for (const double bilinear : kBilinearShares)
      needs_.push_back(NeedAlong(grid, angle, bilinear));
  }
}

std::vector<double> BoundaryModel::Inside(const std::vector<BoundaryLabel>& labels,
                                          const BoundaryPrior& prior) const {
  std::vector<Direction> directions;
  double scale = -std::numeric_limits<double>::infinity();
  for (const auto& need : needs_) {
    directions.emplace_back(need, labels);
    scale = std::max(scale, directions.back().Scale());
  }
  std::vector<double> inside(needs_.front().size(), 0.0);
  double mass = 0.0;
  for (std::size_t i = 0; i < directions.size(); ++i) {
    directions[i].AddEverything(prior.everything, scale);
    directions[i].AddLines(prior, scale);
    directions[i].AddBands(prior, scale);
    mass += directions[i].Finish(needs_[i], inside);
  }
  for (double& value : inside) value = std::clamp(value / mass, 0.0, 1.0);
  return inside;
}

}  // namespace ollama_bench
