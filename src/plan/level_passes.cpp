#include "ollama_bench/plan/level_passes.h"

#include <algorithm>
#include <map>
#include <utility>

#include "ollama_bench/core/random.h"
#include "ollama_bench/core/stratum.h"

namespace ollama_bench {
namespace {

using Group = std::vector<Cell>;

// Cells of equal settings, each group and its cells in their order.
std::vector<Group> GroupBySetting(const std::vector<Cell>& cells) {
  std::vector<Group> groups;
  for (const Cell& cell : cells) {
    const auto same = std::find_if(groups.begin(), groups.end(), [&cell](const Group& group) {
      return LoadOf(group.front()) == LoadOf(cell);
    });
    if (same != groups.end()) {
      same->push_back(cell);
    } else {
      groups.push_back({cell});
    }
  }
  return groups;
}

// The control level first: that in the middle.
Group InOrderOfPass(Group group, Random& random) {
  std::swap(group.front(), group[group.size() / 2]);
  Shuffle(std::span(group).subspan(1), random);
  return group;
}

}  // namespace

LevelPasses::LevelPasses(const std::vector<Cell>& cells, const std::vector<CellResult>& known,
                         int passes, std::uint64_t seed, std::optional<std::size_t> limit) {
  std::map<Cell, int> windows;
  for (const CellResult& result : known) windows[result.cell] = CountedSamples(result);
  Random random(seed);
  for (int pass = 0; pass < passes; ++pass) {
    for (const Group& group : GroupBySetting(cells)) {
      for (const Cell& cell : InOrderOfPass(group, random)) {
        if (windows[cell] > pass) continue;
        visits_.push_back({cell, SampleRole::kMeasure, 1, false});
      }
    }
  }
  if (limit && visits_.size() > *limit) visits_.resize(*limit);
}

std::optional<Visit> LevelPasses::Next() {
  if (visits_.empty()) return std::nullopt;
  const Visit visit = visits_.front();
  visits_.pop_front();
  return visit;
}

void LevelPasses::Report(const CellResult& result) {
  if (StatusOf(result) != CellStatus::kFailed) return;
  std::erase_if(visits_, [&result](const Visit& visit) { return visit.cell == result.cell; });
}

}  // namespace ollama_bench
