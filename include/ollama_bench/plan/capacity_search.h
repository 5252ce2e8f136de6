#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "ollama_bench/core/cell.h"
#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/strategy.h"

namespace ollama_bench {

/// Looks for the highest concurrency at which `meets` is true: doubles it from one user until it is
/// not, then halves the distance. Each level gets the same number of windows before it is asked
/// about, so that looking more often cannot make it true.
class CapacitySearch : public Strategy {
 public:
  /// Whether the level is shown to meet what is wanted, given all that is known of it.
  using Meets = std::function<bool(const CellResult& level)>;

  /// `base` is the cell but for the concurrency. `known` are windows of earlier starts.
  CapacitySearch(Cell base, int windows, int most_users, Meets meets,
                 const std::vector<CellResult>& known);

  std::optional<Visit> Next() override;
  void Report(const CellResult& result) override;
  /// As long as levels are doubled nobody knows how many follow: one more, at least.
  [[nodiscard]] std::size_t Remaining() const override;

 private:
  struct Level {
    int windows = 0;             ///< that count
    std::optional<bool> is_met;  ///< once it has all of them, or failed
  };
  [[nodiscard]] int NextLevel() const;

  Cell base_;
  int windows_;
  int most_;
  Meets meets_;
  std::map<int, Level> levels_;  ///< by concurrency
};

}  // namespace ollama_bench
