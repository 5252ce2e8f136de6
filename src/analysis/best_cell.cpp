#include "ollama_bench/analysis/best_cell.h"

#include <algorithm>
#include <map>
#include <set>

#include "ollama_bench/core/axis.h"
#include "ollama_bench/core/cell_result.h"

namespace ollama_bench {
namespace {

using Statuses = std::map<Cell, CellStatus>;

Statuses StatusesOf(const std::vector<CellResult>& results) {
  Statuses statuses;
  for (const CellResult& result : results) statuses[result.cell] = StatusOf(result);
  return statuses;
}

bool AllNeighboursFailed(const Cell& cell, const CellNeighbours& neighbours,
                         const Statuses& statuses) {
  int failed = 0;
  for (const Cell& other : neighbours.Of(cell)) {
    const auto found = statuses.find(other);
    if (found == statuses.end()) continue;
    if (found->second != CellStatus::kFailed) return false;
    ++failed;
  }
  return failed > 1;
}

}  // namespace

std::vector<Cell> EligibleCells(const std::vector<CellResult>& results, const Space& planned) {
  const Statuses statuses = StatusesOf(results);
  CellNeighbours neighbours;
  for (const auto& [cell, status] : statuses) neighbours.Add(cell);
  std::vector<Cell> eligible;
  for (const CellResult& result : results) {
    if (planned.CellCount() > 0 && !planned.Contains(result.cell)) continue;
    if (statuses.at(result.cell) != CellStatus::kMeasured || FailsOften(result)) continue;
    if (AllNeighboursFailed(result.cell, neighbours, statuses)) continue;
    eligible.push_back(result.cell);
  }
  std::sort(eligible.begin(), eligible.end());
  return eligible;
}

std::size_t VisitedCells(const std::vector<CellResult>& results, const Space& planned) {
  std::set<Cell> visited;
  for (const CellResult& result : results) {
    const bool is_visited = StatusOf(result) != CellStatus::kUntested;
    if (is_visited && planned.Contains(result.cell)) visited.insert(result.cell);
  }
  return visited.size();
}

namespace {

bool IsBetter(const BestCell& a, const BestCell& b, bool higher_is_better) {
  if (a.value != b.value) return (a.value > b.value) == higher_is_better;
  for (const ParameterInfo& info : AllParameters()) {
    const int of_a = a.cell[info.parameter];
    const int of_b = b.cell[info.parameter];
    if (of_a != of_b) return info.preferred == Preference::kLarger ? of_a > of_b : of_a < of_b;
  }
  return false;
}

// The best of each group of cells, by the key that `group` gives them.
template <class Group>
std::map<int, std::optional<BestCell>> BestOfGroups(std::span<const ResultTable> tables,
                                                    const Group& group) {
  std::map<int, std::optional<BestCell>> all;
  for (const ResultTable& table : tables) {
    const bool higher = Describe(table.metric).higher_is_better;
    for (std::size_t i = 0; i < table.states.size(); ++i) {
      const Cell cell = table.CellAt(i / table.columns(), i % table.columns());
      std::optional<BestCell>& best = all[group(cell)];
      const auto* measured = std::get_if<Measured>(&table.states[i]);
      if (measured == nullptr || measured->unverified) continue;
      const BestCell candidate{cell, measured->value};
      if (!best || IsBetter(candidate, *best, higher)) best = candidate;
    }
  }
  return all;
}

}  // namespace

std::optional<BestCell> FindBestCell(std::span<const ResultTable> tables) {
  const auto all = BestOfGroups(tables, [](const Cell&) { return 0; });
  return all.empty() ? std::nullopt : all.begin()->second;
}

std::vector<BestOfValue> BestPerValue(std::span<const ResultTable> tables, Parameter parameter) {
  std::vector<BestOfValue> list;
  for (const auto& [value, best] :
       BestOfGroups(tables, [parameter](const Cell& cell) { return cell[parameter]; })) {
    list.push_back({value, best});
  }
  return list;
}

}  // namespace ollama_bench
