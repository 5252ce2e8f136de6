#pragma once

#include <optional>
#include <set>

#include "ollama_bench/core/cell.h"

namespace ollama_bench {

/// Which setting a driver has in the server's memory, and which cells it measured with that load.
class LoadedSetting {
 public:
  /// Makes `cell` the next to be measured. True where the load of the last one serves it: the
  /// setting is the same, and the cell was not measured with it.
  bool Serves(const Cell& cell);
  /// The load is gone.
  void Forget();
  /// Whether the next load of the cell could be taken for one that is still in memory: nothing is
  /// known of what is there, or it is the same setting.
  [[nodiscard]] bool MayLinger(const Cell& cell) const;

 private:
  std::optional<Cell> setting_;
  std::set<Cell> measured_;
};

}  // namespace ollama_bench
