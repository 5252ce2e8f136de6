#include "candidates.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace ollama_bench {
namespace {

constexpr std::size_t kHighestReadings = 3;
constexpr std::size_t kRejectedReadings = 2;
constexpr std::size_t kLeadingColumns = 6;
constexpr double kNearBest = 0.02;
constexpr double kRejectedDeviations = 3;

class Choice {
 public:
  explicit Choice(std::size_t most) : most_(most) {}

  void Add(const Cell& cell) {
    const bool is_new = std::find(cells_.begin(), cells_.end(), cell) == cells_.end();
    if (is_new && cells_.size() < most_) cells_.push_back(cell);
  }
  // The first of `ranked` by their numbers, the lowest first.
  void AddLowest(std::vector<std::pair<double, Cell>> ranked, std::size_t most) {
    std::sort(ranked.begin(), ranked.end());
    for (std::size_t i = 0; i < std::min(most, ranked.size()); ++i) Add(ranked[i].second);
  }
  std::vector<Cell> Take() { return std::move(cells_); }

 private:
  std::size_t most_;
  std::vector<Cell> cells_;
};

std::vector<std::pair<double, Cell>> RejectedReadings(const SweepModel& model,
                                                      const Decision& decision,
                                                      const std::vector<Cell>& eligible) {
  const std::vector<double> raw = model.Readings();
  const std::vector<double>& additive = model.AdditiveMeans();
  const double best = model.Means()[decision.leader];
  const double far = kRejectedDeviations * std::sqrt(model.LoadVariance(1));
  std::vector<std::pair<double, Cell>> rejected;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const Cell& cell = model.cells()[i];
    if (!std::binary_search(eligible.begin(), eligible.end(), cell)) continue;
    if (additive[i] > best - kNearBest && raw[i] < additive[i] - far) {
      rejected.emplace_back(-additive[i], cell);
    }
  }
  return rejected;
}

std::vector<std::pair<double, Cell>> BestOfColumns(const SweepModel& model,
                                                   const std::vector<Cell>& eligible) {
  std::map<int, std::pair<double, Cell>> columns;
  for (const Cell& cell : eligible) {
    const auto place = model.Find(cell);
    if (!place) continue;
    const std::pair<double, Cell> ranked{-model.Means()[*place], cell};
    const auto [column, is_new] = columns.try_emplace(cell[Parameter::kNumCtx], ranked);
    if (!is_new) column->second = std::min(column->second, ranked);
  }
  std::vector<std::pair<double, Cell>> best;
  for (const auto& [num_ctx, ranked] : columns) best.push_back(ranked);
  return best;
}

}  // namespace

std::vector<Cell> FirstCandidates(const SweepModel& model, const Decision& decision,
                                  const std::vector<Cell>& eligible,
                                  const std::map<Cell, double>& readings) {
  Choice choice(kFirstCandidates);
  std::vector<std::pair<double, Cell>> highest;
  for (const auto& [cell, reading] : readings) highest.emplace_back(-reading, cell);
  choice.AddLowest(std::move(highest), kHighestReadings);
  choice.AddLowest(RejectedReadings(model, decision, eligible), kRejectedReadings);
  choice.AddLowest(BestOfColumns(model, eligible), kLeadingColumns);
  for (const Cell& cell : LikeliestCandidates(model, decision, kFirstCandidates)) choice.Add(cell);
  return choice.Take();
}

std::vector<Cell> LikeliestCandidates(const SweepModel& model, const Decision& decision,
                                      std::size_t most) {
  std::vector<std::size_t> order(model.cells().size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return decision.best[a] > decision.best[b];
  });
  std::vector<Cell> cells;
  for (const std::size_t place : order) {
    if (cells.size() >= most || decision.best[place] <= 0) break;
    cells.push_back(model.cells()[place]);
  }
  return cells;
}

}  // namespace ollama_bench
