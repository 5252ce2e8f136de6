#include "ollama_bench/analysis/table_statistics.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "ollama_bench/core/median.h"

namespace ollama_bench {
namespace {

std::optional<ValueSummary> Summarize(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  ValueSummary summary;
  const auto [minimum, maximum] = std::minmax_element(values.begin(), values.end());
  summary.minimum = *minimum;
  summary.maximum = *maximum;
  // Divided first, so that the sum of large finite values stays finite.
  const auto n = static_cast<double>(values.size());
  for (const double value : values) summary.mean += value / n;
  summary.mean = std::clamp(summary.mean, summary.minimum, summary.maximum);
  summary.median = *Median(std::move(values));
  return summary;
}

// Collects the values of comparable cells.
void Count(const ResultTable& table, TableStatistics& statistics, std::vector<double>& values) {
  statistics.combinations += table.states.size();
  for (const CellState& state : table.states) {
    if (const auto* measured = std::get_if<Measured>(&state)) {
      ++statistics.successful;
      if (!measured->unverified) values.push_back(measured->value);
    } else if (const auto* failed = std::get_if<Failed>(&state)) {
      ++statistics.failed;
      ++statistics.failed_by_kind[failed->kind];
    } else if (std::holds_alternative<Excluded>(state)) {
      ++statistics.excluded;
    } else if (std::holds_alternative<AliasOf>(state)) {
      ++statistics.aliases;
    } else {
      ++statistics.untested;
    }
  }
}

}  // namespace

TableStatistics ComputeStatistics(std::span<const ResultTable> tables) {
  TableStatistics statistics;
  std::vector<double> values;
  for (const ResultTable& table : tables) Count(table, statistics, values);
  statistics.values = Summarize(std::move(values));
  return statistics;
}

}  // namespace ollama_bench
