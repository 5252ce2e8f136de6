#include "knowledge.h"

#include <algorithm>
#include <cmath>

namespace ollama_bench {

Knowledge::Knowledge(const Grid& grid, const SearchOptions& options)
    : grid_(grid),
      tolerance_(options.tolerance),
      model_(grid_),
      sampler_(options.seed),
      barred_(grid_.CellCount(), false) {}

void Knowledge::Observe(const Measurement& measurement) {
  const auto cell = grid_.Find(measurement.cell);
  if (!cell) return;
  if (measurement.rate && *measurement.rate > 0.0) {
    history_.push_back({*cell, std::log(*measurement.rate), measurement.cpu_share});
  } else if (measurement.failure && TellsOfNeighbours(*measurement.failure)) {
    history_.push_back({*cell, std::nullopt, std::nullopt});
  } else {
    barred_[*cell] = true;
    return;
  }
  if (std::find(visited_.begin(), visited_.end(), *cell) == visited_.end()) {
    visited_.push_back(*cell);
  }
  if (measurement.cost_s) {
    (measurement.rate ? success_cost_ : failure_cost_).Add(*measurement.cost_s);
  }
}

void Knowledge::Exclude(const Cell& cell) {
  if (const auto found = grid_.Find(cell)) barred_[*found] = true;
}

std::size_t Knowledge::FirstOpen() const {
  const auto open = std::find(barred_.begin(), barred_.end(), false);
  return static_cast<std::size_t>(open - barred_.begin());
}

const SearchBelief& Knowledge::Belief() {
  if (belief_for_ != history_.size()) {
    belief_ = model_.Believe(history_);
    belief_for_ = history_.size();
  }
  return belief_;
}

const Certainty& Knowledge::CertaintyAfter(std::size_t count) {
  const auto found = certainties_.find(count);
  if (found != certainties_.end()) return found->second;
  Certainty certainty;
  if (count == history_.size()) {
    if (Belief().leader) certainty = sampler_.Draw(model_, Belief(), tolerance_);
  } else {
    const SearchBelief then =
        model_.Believe({history_.begin(), history_.begin() + static_cast<std::ptrdiff_t>(count)});
    if (then.leader) certainty = sampler_.Draw(model_, then, tolerance_);
  }
  return certainties_[count] = certainty;
}

bool Knowledge::IsUnvisited(std::size_t cell) {
  const SearchBelief& belief = Belief();
  return !barred_[cell] && belief.successes[cell] + belief.failures[cell] == 0;
}

std::vector<double> Knowledge::Chances() {
  const SearchBelief& belief = Belief();
  std::vector<double> chances(grid_.CellCount(), 0.0);
  for (std::size_t cell = 0; cell < chances.size(); ++cell) {
    if (!barred_[cell]) chances[cell] = belief.p_feasible[cell] * belief.p_fast[cell];
  }
  return chances;
}

double Knowledge::RelativeCost(double p_feasible) const {
  if (success_cost_.count == 0.0 || failure_cost_.count == 0.0) return 1.0;
  const double failure =
      std::clamp(failure_cost_.Mean() / std::max(1e-9, success_cost_.Mean()), 0.2, 5.0);
  return p_feasible + (1.0 - p_feasible) * failure;
}

}  // namespace ollama_bench
