#include "ollama_bench/plan/doubted_cells.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

namespace ollama_bench {
namespace {

using Line = std::vector<std::pair<Cell, double>>;  // log rates in their order along an axis

// Beyond an edge the slope goes on, but a rise is not taken for granted.
double Continued(double next, double after_next) {
  return std::min(next, 2 * next - after_next);
}

// The log rate that the neighbours on the line suggest; nothing where the cell is alone.
std::optional<double> Suggested(const Line& line, std::size_t at) {
  const std::size_t size = line.size();
  const bool is_first = at == 0;
  const bool is_last = at + 1 == size;
  if (is_first && is_last) return std::nullopt;
  if (!is_first && !is_last) return std::min(line[at - 1].second, line[at + 1].second);
  if (size == 2) return line[1 - at].second;
  return is_first ? Continued(line[1].second, line[2].second)
                  : Continued(line[size - 2].second, line[size - 3].second);
}

void AddSuggestions(const std::map<int, Line>& lines, std::map<Cell, double>& suggestions) {
  for (const auto& [value, line] : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      const auto suggested = Suggested(line, i);
      if (!suggested) continue;
      const auto [entry, is_new] = suggestions.emplace(line[i].first, *suggested);
      if (!is_new) entry->second = std::max(entry->second, *suggested);
    }
  }
}

}  // namespace

std::vector<Cell> DoubtedCells(const std::map<Cell, double>& rates, double margin,
                               std::size_t most) {
  std::map<int, Line> along_ctx;
  std::map<int, Line> along_batch;
  double best = 0;
  for (const auto& [cell, rate] : rates) {
    along_ctx[cell.num_batch].emplace_back(cell, std::log(rate));
    along_batch[cell.num_ctx].emplace_back(cell, std::log(rate));
    best = std::max(best, rate);
  }
  std::map<Cell, double> suggestions;
  AddSuggestions(along_ctx, suggestions);
  AddSuggestions(along_batch, suggestions);
  std::vector<std::pair<double, Cell>> doubted;
  for (const auto& [cell, log_rate] : suggestions) {
    const double suggested = std::exp(log_rate);
    const bool is_dip = rates.at(cell) <= suggested * (1 - kDoubtedDip);
    if (is_dip && suggested >= best * (1 - margin)) doubted.emplace_back(-suggested, cell);
  }
  std::sort(doubted.begin(), doubted.end());
  if (doubted.size() > most) doubted.resize(most);
  std::vector<Cell> cells;
  cells.reserve(doubted.size());
  for (const auto& [suggested, cell] : doubted) cells.push_back(cell);
  return cells;
}

}  // namespace ollama_bench
