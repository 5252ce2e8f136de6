#include "need.h"

#include <algorithm>
#include <cmath>

namespace ollama_bench {

std::vector<double> NeedAlong(const SearchGrid& grid, double angle, double bilinear) {
  std::vector<double> need(grid.CellCount());
  for (std::size_t cell = 0; cell < need.size(); ++cell) {
    const double ctx = grid.across().measure[grid.AcrossIndex(cell)];
    const double batch = grid.down().measure[grid.DownIndex(cell)];
    need[cell] = std::cos(angle) * ctx + std::sin(angle) * batch + bilinear * ctx * batch;
  }
  const auto most_needy = std::max_element(need.begin(), need.end());
  const double most = most_needy == need.end() ? 0.0 : *most_needy;
  if (most > 0.0) {
    for (double& value : need) value /= most;
  }
  return need;
}

}  // namespace ollama_bench
