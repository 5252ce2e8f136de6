#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ollama_bench/core/stop_request.h"
#include "ollama_bench/core/strategy.h"
#include "ollama_bench/sweep/cell_runner.h"

namespace ollama_bench {

/// How a sweep ended.
struct SweepOutcome {
  enum class Reason {
    kDone,           ///< the strategy has no more cells
    kStopRequested,  ///< by the user
    kHopeless,       ///< every further cell would fail the same way
    kServerChanged,  ///< another Ollama or another model answers now
    kStoreError,     ///< results can no longer be saved
  };
  Reason reason = Reason::kDone;
  std::string message;  ///< for kHopeless, kServerChanged and kStoreError
};

/// Visits the cells that a strategy names, one after the other, until it has none left or something
/// ends the sweep. Retries what may pass, waits for a server that went away, writes every failure
/// that stays into the store. Leaves removing temporary models to its caller.
class Sweep {
 public:
  /// `facts` is what the driver's Connect told. All references must outlive the object.
  Sweep(CellRunner& runner, CellRunnerSeams seams, Strategy& strategy, const StopRequest& stop,
        ServerFacts facts);

  SweepOutcome Run();

 private:
  enum class CellEnd { kFinished, kEndSweep };

  CellEnd MeasureCell(const Visit& visit);
  CellEnd Record(const Cell& cell, std::vector<VisitRecord> visits);
  /// The failure as it is known after a look at what the words leave open.
  Failure Examine(Failure failure);
  [[nodiscard]] bool ServerAnswers();
  [[nodiscard]] bool OthersWereLoaded(const Failure& failure);
  /// Ends the sweep where the failure of `cell` is none of the cell's: it was the first cell's too,
  /// and nothing was loaded yet.
  bool IsEverybodys(const Cell& cell, const Failure& failure);
  [[nodiscard]] bool SmallestFailsAlike(const Cell& cell, const Failure& failure);
  void Forget(const Cell& cell);
  void WatchOthers();
  CellEnd End(SweepOutcome::Reason reason, std::string message);
  bool WaitForServer(const Failure& failure);
  bool IsSameServer(const ServerFacts& now);
  void WatchClock();

  CellRunner& runner_;
  CellRunnerSeams seams_;
  Strategy& strategy_;
  const StopRequest& stop_;
  ServerFacts facts_;
  SweepOutcome outcome_;
  bool has_loaded_ = false;  ///< any cell
  /// The first cell, where it failed before a load, and its failure.
  std::optional<std::pair<Cell, Failure>> first_;
  std::size_t visited_ = 0;
  /// How far wall time was ahead of the monotonic clock at the last look.
  std::optional<std::chrono::nanoseconds> wall_ahead_;
};

}  // namespace ollama_bench
