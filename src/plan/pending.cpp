#include "ollama_bench/plan/pending.h"

#include <map>

#include "ollama_bench/plan/repetitions.h"

namespace ollama_bench {
namespace {

enum class State { kDone, kFailed, kPending };

bool TellsOfTheCell(const Failure& failure) {
  return failure.kind != FailureKind::kInterrupted &&
         failure.kind != FailureKind::kServerUnavailable;
}

State StateOf(const CellResult& result, const PendingRules& rules) {
  if (result.alias_of || HasWantedSamples(result, rules.repetitions)) return State::kDone;
  if (result.failure && TellsOfTheCell(*result.failure) && !rules.retry_failed) {
    return State::kFailed;
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
