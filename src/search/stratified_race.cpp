#include "ollama_bench/search/stratified_race.h"

#include <algorithm>

#include "ollama_bench/core/stratum.h"

namespace ollama_bench {

StratifiedRace::StratifiedRace(const std::vector<Cell>& pending,
                               const std::vector<CellResult>& known, const RaceOptions& options) {
  const std::vector<Cell> strata = StrataOf(options.planned);
  for (const Cell& stratum : strata) {
    std::vector<Cell> cells;
    std::copy_if(pending.begin(), pending.end(), std::back_inserter(cells),
                 [&](const Cell& cell) { return RequestOf(cell) == stratum; });
    std::vector<CellResult> results;
    std::copy_if(known.begin(), known.end(), std::back_inserter(results),
                 [&](const CellResult& result) { return RequestOf(result.cell) == stratum; });
    RaceOptions of_stratum = options;
    of_stratum.extra = (options.extra + strata.size() - 1) / strata.size();
    of_stratum.planned = InStratum(options.planned, stratum);
    if (of_stratum.current) of_stratum.current = WithRequest(*options.current, stratum);
    races_.emplace_back(std::move(cells), results, std::move(of_stratum));
  }
}

std::optional<Visit> StratifiedRace::Next() {
  for (std::size_t tried = 0; tried < races_.size(); ++tried) {
    asked_ = turn_;
    turn_ = (turn_ + 1) % races_.size();
    if (auto visit = races_[asked_].Next()) return visit;
  }
  return std::nullopt;
}

void StratifiedRace::Report(const CellResult& result) {
  races_[asked_].Report(result);
}

std::size_t StratifiedRace::Remaining() const {
  std::size_t remaining = 0;
  for (const BlockRace& race : races_) remaining += race.Remaining();
  return remaining;
}

bool StratifiedRace::IsOver() {
  return std::all_of(races_.begin(), races_.end(), [](BlockRace& race) { return race.IsOver(); });
}

std::size_t StratifiedRace::PassLength() const {
  std::size_t length = 0;
  for (const BlockRace& race : races_) length += race.PassLength();
  return length;
}

bool StratifiedRace::MeasuresCurrentFirst() const {
  return std::any_of(races_.begin(), races_.end(),
                     [](const BlockRace& race) { return race.MeasuresCurrentFirst(); });
}

}  // namespace ollama_bench
