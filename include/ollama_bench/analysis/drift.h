#pragma once

#include <optional>
#include <vector>

#include "ollama_bench/analysis/cell_estimate.h"

namespace ollama_bench {

/// How the control cell moved during a sweep: a straight line through its loads' log values over
/// time, by least squares.
struct Drift {
  Cell cell;
  int controls = 0;          ///< loads of the control cell
  LogEstimate change;        ///< along the line, from the first to the last of them
  bool has_moved = false;    ///< by more than 3 standard errors
  bool is_monotone = false;  ///< four controls or more, one way by Kendall's test (5 %, one-sided)
  double start_s = 0;        ///< of the first, seconds since 1970
  double end_s = 0;          ///< of the last
};

/// The drift that the control samples show; empty where fewer than two of them have times. The
/// control cell's own spread does not enter the standard error, for a drift would hide in it.
std::optional<Drift> FindDrift(const std::vector<LoadUnit>& units);

/// Whether there is a trend that may be taken out: moved, and monotone. Short hops are noise.
bool CanDetrend(const Drift& drift);

/// `units` with the drift's line taken out, as if all had been measured halfway between the first
/// and the last control; before and after them the line stays level. Units without a time are left
/// as they are.
std::vector<LoadUnit> Detrended(std::vector<LoadUnit> units, const Drift& drift);

}  // namespace ollama_bench
