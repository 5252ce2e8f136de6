#include "ollama_bench/analysis/best_cell.h"

#include <functional>

namespace ollama_bench {
namespace {

bool IsBetter(const BestCell& a, const BestCell& b, bool higher_is_better) {
  if (a.value != b.value) return (a.value > b.value) == higher_is_better;
  if (a.cell.num_ctx != b.cell.num_ctx) return a.cell.num_ctx > b.cell.num_ctx;
  return a.cell.num_batch < b.cell.num_batch;
}

void Offer(std::optional<BestCell>& best, const BestCell& candidate, bool higher_is_better) {
  if (!best || IsBetter(candidate, *best, higher_is_better)) best = candidate;
}

// Unverified values are no candidates.
void ForEachMeasured(const ResultTable& table,
                     const std::function<void(std::size_t, std::size_t, const BestCell&)>& visit) {
  for (std::size_t row = 0; row < table.rows(); ++row) {
    for (std::size_t column = 0; column < table.columns(); ++column) {
      const auto* measured = std::get_if<Measured>(&table.At(row, column));
      if (measured != nullptr && !measured->unverified) {
        visit(row, column, {table.CellAt(row, column), measured->value});
      }
    }
  }
}

}  // namespace

std::optional<BestCell> FindBestCell(const ResultTable& table) {
  const bool higher = Describe(table.metric).higher_is_better;
  std::optional<BestCell> best;
  ForEachMeasured(table, [&](std::size_t, std::size_t, const BestCell& candidate) {
    Offer(best, candidate, higher);
  });
  return best;
}

std::vector<std::optional<BestCell>> BestPerNumCtx(const ResultTable& table) {
  const bool higher = Describe(table.metric).higher_is_better;
  std::vector<std::optional<BestCell>> best(table.columns());
  ForEachMeasured(table, [&](std::size_t, std::size_t column, const BestCell& candidate) {
    Offer(best[column], candidate, higher);
  });
  return best;
}

std::vector<std::optional<BestCell>> BestPerNumBatch(const ResultTable& table) {
  const bool higher = Describe(table.metric).higher_is_better;
  std::vector<std::optional<BestCell>> best(table.rows());
  ForEachMeasured(table, [&](std::size_t row, std::size_t, const BestCell& candidate) {
    Offer(best[row], candidate, higher);
  });
  return best;
}

}  // namespace ollama_bench
