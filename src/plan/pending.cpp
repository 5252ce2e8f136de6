#include "ollama_bench/plan/pending.h"

#include <map>

#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/plan/repetitions.h"

namespace ollama_bench {
namespace {

enum class State { kDone, kFailed, kPending };

State StateOf(const CellResult& result, const PendingRules& rules) {
  switch (StatusOf(result)) {
    case CellStatus::kAlias:
      return State::kDone;
    case CellStatus::kFailed:
      return rules.retry_failed ? State::kPending : State::kFailed;
    case CellStatus::kMeasured: {
      if (rules.remeasure_unverified && IsUnverified(result)) return State::kPending;
      // What a visit left before it failed is what it can give; an interrupted one is made up for.
      const bool is_done =
          HasWantedSamples(result, rules.repetitions) || LatestFailure(result) != nullptr;
      return is_done ? State::kDone : State::kPending;
    }
    case CellStatus::kUntested:
    case CellStatus::kExcluded:
      return State::kPending;
  }
  return State::kPending;
}

}  // namespace

Pending FindPending(std::span<const Cell> planned, std::span<const CellResult> results,
                    const PendingRules& rules) {
  std::map<Cell, const CellResult*> known;
  for (const CellResult& result : results) known.emplace(result.cell, &result);
  Pending pending;
  for (const Cell& cell : planned) {
    const auto found = known.find(cell);
    const State state = found == known.end() ? State::kPending : StateOf(*found->second, rules);
    if (state == State::kDone) ++pending.done;
    if (state == State::kFailed) ++pending.failed;
    const bool wanted = !rules.limit || pending.cells.size() < *rules.limit;
    if (state == State::kPending && wanted) pending.cells.push_back(cell);
  }
  return pending;
}

}  // namespace ollama_bench
