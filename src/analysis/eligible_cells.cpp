#include "ollama_bench/analysis/eligible_cells.h"

#include <algorithm>
#include <map>
#include <set>

#include "ollama_bench/core/cell_neighbours.h"
#include "ollama_bench/core/cell_status.h"

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

}  // namespace ollama_bench
