#include "ollama_bench/analysis/eligible_cells.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "ollama_bench/core/cell_status.h"

namespace ollama_bench {
namespace {

using Statuses = std::map<Cell, CellStatus>;

Statuses StatusesOf(const std::vector<CellResult>& results) {
  Statuses statuses;
  for (const CellResult& result : results) statuses[result.cell] = StatusOf(result);
  return statuses;
}

// Calls `act` with the values beside `value`.
template <class Act>
void Beside(const std::set<int>& values, int value, const Act& act) {
  const auto place = values.find(value);
  if (place == values.end()) return;
  if (place != values.begin()) act(*std::prev(place));
  if (std::next(place) != values.end()) act(*std::next(place));
}

class Neighbours {
 public:
  explicit Neighbours(const Statuses& statuses) : statuses_(statuses) {
    for (const auto& [cell, status] : statuses) {
      num_ctx_.insert(cell.num_ctx);
      num_batch_.insert(cell.num_batch);
    }
  }

  [[nodiscard]] bool AllFailed(const Cell& cell) const {
    int failed = 0;
    int others = 0;
    const auto count = [&](const Cell& other) {
      const auto found = statuses_.find(other);
      if (found == statuses_.end()) return;
      ++(found->second == CellStatus::kFailed ? failed : others);
    };
    Beside(num_ctx_, cell.num_ctx, [&](int value) { count({value, cell.num_batch}); });
    Beside(num_batch_, cell.num_batch, [&](int value) { count({cell.num_ctx, value}); });
    return failed > 1 && others == 0;
  }

 private:
  const Statuses& statuses_;
  std::set<int> num_ctx_;
  std::set<int> num_batch_;
};

}  // namespace

std::vector<Cell> EligibleCells(const std::vector<CellResult>& results, const Grid& planned) {
  const Statuses statuses = StatusesOf(results);
  const Neighbours neighbours(statuses);
  std::vector<Cell> eligible;
  for (const CellResult& result : results) {
    if (planned.CellCount() > 0 && !planned.Contains(result.cell)) continue;
    if (statuses.at(result.cell) != CellStatus::kMeasured || FailsOften(result)) continue;
    if (!neighbours.AllFailed(result.cell)) eligible.push_back(result.cell);
  }
  std::sort(eligible.begin(), eligible.end());
  return eligible;
}

std::size_t VisitedCells(const std::vector<CellResult>& results, const Grid& planned) {
  std::set<Cell> visited;
  for (const CellResult& result : results) {
    const bool is_visited = StatusOf(result) != CellStatus::kUntested;
    if (is_visited && planned.Contains(result.cell)) visited.insert(result.cell);
  }
  return visited.size();
}

}  // namespace ollama_bench
