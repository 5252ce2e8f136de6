#include "ollama_bench/sweep/recording.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "ollama_bench/core/cell_result.h"

namespace ollama_bench {
namespace {

bool IsRecord(const CellResult& result) {
  const Failure* failure = FailureOf(result);
  if (failure != nullptr) return failure->kind != FailureKind::kNotRecorded;
  return StatusOf(result) == CellStatus::kMeasured;
}

bool Before(const CellResult& a, const Cell& b) {
  return a.cell < b;
}

}  // namespace

Recording::Recording(std::vector<CellResult> results) : results_(std::move(results)) {
  std::stable_sort(results_.begin(), results_.end(),
                   [](const CellResult& a, const CellResult& b) { return Before(a, b.cell); });
}

const CellResult* Recording::FindEntry(const Cell& cell) const {
  // Of two entries for one cell the later counts, as everywhere.
  const auto first = std::lower_bound(results_.begin(), results_.end(), cell, Before);
  const auto last =
      std::find_if(first, results_.end(), [&](const auto& result) { return result.cell != cell; });
  return first == last ? nullptr : &*std::prev(last);
}

const CellResult* Recording::Find(const Cell& cell) const {
  const CellResult* entry = FindEntry(cell);
  if (entry != nullptr && entry->alias_of && *entry->alias_of != cell) {
    entry = FindEntry(*entry->alias_of);
  }
  return entry != nullptr && IsRecord(*entry) ? entry : nullptr;
}

Space Recording::Axes() const {
  std::vector<Cell> cells;
  for (const CellResult& result : results_) {
    if (Find(result.cell) != nullptr) cells.push_back(result.cell);
  }
  return AxesOf(cells);
}

std::vector<Cell> Recording::Select(const std::vector<Cell>& cells) const {
  std::vector<Cell> recorded;
  std::copy_if(cells.begin(), cells.end(), std::back_inserter(recorded),
               [this](const Cell& cell) { return Find(cell) != nullptr; });
  return recorded;
}

}  // namespace ollama_bench
