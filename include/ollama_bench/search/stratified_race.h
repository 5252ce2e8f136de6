#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

#include "ollama_bench/core/strategy.h"
#include "ollama_bench/search/block_race.h"

namespace ollama_bench {

/// A race for each stratum (core/stratum.h), taken in turns, so that in the pass the cells of one
/// setting follow each other and need one load of the model. With one stratum it is that race.
class StratifiedRace : public Strategy {
 public:
  /// As for BlockRace; `options.current` is the user's setting, without the values of a request,
  /// and the strata share `options.extra` evenly.
  StratifiedRace(const std::vector<Cell>& pending, const std::vector<CellResult>& known,
                 const RaceOptions& options);

  std::optional<Visit> Next() override;
  void Report(const CellResult& result) override;
  [[nodiscard]] std::size_t Remaining() const override;

  /// Whether Next has nothing to return.
  [[nodiscard]] bool IsOver();
  /// Cells of the space that this start measures for the first time.
  [[nodiscard]] std::size_t PassLength() const;
  /// Whether this start measures the current setting, which has no result yet.
  [[nodiscard]] bool MeasuresCurrentFirst() const;

 private:
  std::deque<BlockRace> races_;
  std::size_t turn_ = 0;
  std::size_t asked_ = 0;  ///< whose visit was handed out last
};

}  // namespace ollama_bench
