#include "ollama_bench/analysis/best_cell.h"

#include <map>

namespace ollama_bench {
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
