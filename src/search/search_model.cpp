#include "search_model.h"

#include <algorithm>
#include <cmath>

namespace ollama_bench {
namespace {

// What needs more fails, as a rule; between two lines, where layers move to the CPU beyond.
constexpr BoundaryPrior kFeasiblePrior = {0.40, 0.45, 0.03, 0.10, 0.02};
// A slower regime may lie on either side: layers on the CPU, another kernel from some batch on.
constexpr BoundaryPrior kFastPrior = {0.30, 0.30, 0.20, 0.10, 0.10};
// Likelihood of a failure where the cell loads, of a success where it does not.
constexpr double kPassingFailure = 0.03;
constexpr double kPassingSuccess = 0.005;
constexpr double kMislabelled = 0.02;
// Past the best few, a gap this wide in the sorted log rates ends the regime of the best.
constexpr double kCliff = 0.20;
constexpr std::size_t kKeptAboveCliff = 4;
// Shares of the CPU this close are the same: the server reports sizes in whole layers.
constexpr double kSameShare = 0.01;

/// The log rates of one cell.
struct CellValues {
  std::size_t cell = 0;
  double sum = 0.0;
  double squares = 0.0;
  double count = 0.0;
  double cpu_share = 0.0;  ///< the largest seen
  [[nodiscard]] double Mean() const { return sum / count; }
  [[nodiscard]] double Within() const { return std::max(0.0, squares - sum * sum / count); }
};

std::vector<CellValues> Collect(const std::vector<Observation>& observations) {
  std::vector<CellValues> values;
  for (const Observation& observation : observations) {
    if (!observation.log_rate) continue;
    auto found = std::find_if(values.begin(), values.end(),
                              [&](const auto& v) { return v.cell == observation.cell; });
    if (found == values.end()) found = values.insert(values.end(), {observation.cell});
    found->sum += *observation.log_rate;
    found->squares += *observation.log_rate * *observation.log_rate;
    found->count += 1.0;
    found->cpu_share = std::max(found->cpu_share, observation.cpu_share.value_or(0.0));
  }
  return values;
}

/// What sets the regime of the best cells apart.
struct Regime {
  double cut = -1e300;     ///< the log rate below which a cell is of a slower regime
  double cpu_share = 1.0;  ///< of the fastest cell: what leaves more to the CPU is of another

  [[nodiscard]] bool Holds(const CellValues& value) const {
    return value.Mean() > cut && value.cpu_share <= cpu_share + kSameShare;
  }
};

Regime FastRegime(const std::vector<CellValues>& values) {
  Regime regime;
  if (values.empty()) return regime;
  std::vector<const CellValues*> order;
  order.reserve(values.size());
  for (const CellValues& value : values) order.push_back(&value);
  std::stable_sort(order.begin(), order.end(),
                   [](const auto* a, const auto* b) { return a->Mean() > b->Mean(); });
  regime.cpu_share = order.front()->cpu_share;
  for (std::size_t i = kKeptAboveCliff; i < order.size(); ++i) {
    if (order[i - 1]->Mean() - order[i]->Mean() <= kCliff) continue;
    regime.cut = 0.5 * (order[i - 1]->Mean() + order[i]->Mean());
    break;
  }
  return regime;
}

void Mix(SearchBelief& belief) {
  const std::size_t cells = belief.p_fast.size();
  belief.mean.assign(cells, 0.0);
  belief.sd.assign(cells, 0.0);
  for (const ValueComponent& component : belief.components) {
    for (std::size_t i = 0; i < cells; ++i) {
      const auto j = static_cast<Eigen::Index>(i);
      belief.mean[i] += component.weight * component.mean[j];
      belief.sd[i] +=
          component.weight * (component.variance[j] + component.mean[j] * component.mean[j]);
    }
  }
  for (std::size_t i = 0; i < cells; ++i) {
    belief.sd[i] = std::sqrt(std::max(1e-12, belief.sd[i] - belief.mean[i] * belief.mean[i]));
  }
}

}  // namespace

SearchModel::SearchModel(const SearchGrid& grid) : grid_(&grid), values_(grid), boundary_(grid) {}

SearchBelief SearchModel::Believe(const std::vector<Observation>& observations) const {
  SearchBelief belief;
  const std::size_t cells = grid_->CellCount();
  belief.successes.assign(cells, 0);
  belief.failures.assign(cells, 0);
  for (const Observation& observation : observations) {
    ++(observation.log_rate ? belief.successes : belief.failures)[observation.cell];
  }
  std::vector<BoundaryLabel> feasible;
  for (std::size_t cell = 0; cell < cells; ++cell) {
    const double good = belief.successes[cell];
    const double bad = belief.failures[cell];
    if (good + bad == 0.0) continue;
    feasible.push_back({cell, good * std::log1p(-kPassingFailure) + bad * std::log(kPassingFailure),
                        good * std::log(kPassingSuccess) + bad * std::log1p(-kPassingSuccess)});
  }
  belief.p_feasible = boundary_.Inside(feasible, kFeasiblePrior);

  const std::vector<CellValues> values = Collect(observations);
  const Regime regime = FastRegime(values);
  ValueData& data = belief.data;
  std::vector<BoundaryLabel> fast;
  for (const CellValues& value : values) {
    const bool is_fast = regime.Holds(value);
    const double yes = std::log1p(-kMislabelled);
    const double no = std::log(kMislabelled);
    fast.push_back({value.cell, is_fast ? yes : no, is_fast ? no : yes});
    if (!is_fast) continue;
    data.cells.push_back(value.cell);
    data.mean.push_back(value.Mean());
    data.visits.push_back(value.count);
    data.within += value.Within();
    data.count += static_cast<std::size_t>(value.count);
  }
  belief.p_fast = boundary_.Inside(fast, kFastPrior);
  for (const CellValues& value : values) {
    belief.p_feasible[value.cell] = 1.0;
    belief.p_fast[value.cell] = regime.Holds(value) ? 1.0 : 0.0;
  }
  if (data.cells.empty()) return belief;
  belief.components = values_.Fit(data);
  Mix(belief);
  belief.leader = *std::max_element(data.cells.begin(), data.cells.end(), [&](auto a, auto b) {
    return belief.mean[a] < belief.mean[b];
  });
  return belief;
}

}  // namespace ollama_bench
