#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "ollama_bench/core/cell.h"
#include "ollama_bench/core/cell_result.h"
#include "ollama_bench/core/strategy.h"

namespace ollama_bench {

/// Visits levels of load: every pass measures one window of each, setting after setting. A pass
/// begins with a control level, the same in every pass, so that each pass shows how the machine
/// drifted; the others follow in random order, so that drift falls on none of them. Windows that
/// are known already are not measured again.
class LevelPasses : public Strategy {
 public:
  /// `cells` in the order of the configuration; those of equal settings are levels of one group.
  /// With a limit, no more windows than that.
  LevelPasses(const std::vector<Cell>& cells, const std::vector<CellResult>& known, int passes,
              std::uint64_t seed, std::optional<std::size_t> limit = std::nullopt);

  std::optional<Visit> Next() override;
  /// A cell that failed is not visited again.
  void Report(const CellResult& result) override;
  [[nodiscard]] std::size_t Remaining() const override { return visits_.size(); }
  /// What is still to be visited, in that order.
  [[nodiscard]] const std::deque<Visit>& visits() const { return visits_; }

 private:
  std::deque<Visit> visits_;
};

}  // namespace ollama_bench
