#include "search_grid.h"

#include <algorithm>
#include <cmath>

namespace ollama_bench {
namespace {

// Rates saturate in num_batch: a doubling of a small one does more than of a large one.
constexpr double kBatchWarp = 0.5;

// `warp` is the share of the logarithm in a value's position, the rest is its index.
SearchAxis MakeAxis(const Axis& axis, double warp) {
  SearchAxis result;
  result.values = axis.values;
  std::sort(result.values.begin(), result.values.end());
  const std::size_t size = result.values.size();
  result.position.assign(size, 0.0);
  result.measure.assign(size, 0.0);
  if (size < 2) return result;
  const double first = result.values.front();
  const double range = result.values.back() - first;
  for (std::size_t i = 0; i < size; ++i) {
    const double by_index = static_cast<double>(i) / static_cast<double>(size - 1);
    const double by_log =
        std::log(result.values[i] / first) / std::log(result.values.back() / first);
    result.position[i] = (1.0 - warp) * by_index + warp * by_log;
    result.measure[i] = (result.values[i] - first) / range;
  }
  return result;
}

std::optional<std::size_t> IndexOf(const SearchAxis& axis, int value) {
  const auto found = std::lower_bound(axis.values.begin(), axis.values.end(), value);
  if (found == axis.values.end() || *found != value) return std::nullopt;
  return static_cast<std::size_t>(found - axis.values.begin());
}

}  // namespace

SearchGrid::SearchGrid(const Grid& grid)
    : ctx_(MakeAxis(grid.num_ctx, 0.0)), batch_(MakeAxis(grid.num_batch, kBatchWarp)) {}

Cell SearchGrid::CellAt(std::size_t cell) const {
  return {ctx_.values[CtxIndex(cell)], batch_.values[BatchIndex(cell)]};
}

std::optional<std::size_t> SearchGrid::Find(Cell cell) const {
  const auto ctx_index = IndexOf(ctx_, cell.num_ctx);
  const auto batch_index = IndexOf(batch_, cell.num_batch);
  if (!ctx_index || !batch_index) return std::nullopt;
  return At(*ctx_index, *batch_index);
}

double SearchGrid::SquaredDistance(std::size_t a, std::size_t b) const {
  const double ctx = ctx_.position[CtxIndex(a)] - ctx_.position[CtxIndex(b)];
  const double batch = batch_.position[BatchIndex(a)] - batch_.position[BatchIndex(b)];
  return ctx * ctx + batch * batch;
}

}  // namespace ollama_bench
