#pragma once

#include "ollama_bench/core/failure.h"

namespace ollama_bench {

/// What a sweep does about a failed cell.
enum class FailureResponse {
  kRecord,         ///< it would fail again: write it down, go on
  kRetryOnce,      ///< it may pass: once more with a new load, then write it down
  kWaitForServer,  ///< not the cell's fault: wait, then the same cell again
  kStopSweep,      ///< every other cell would fail the same way
  kStopRequested,  ///< the user wants to stop
};

/// `other_models_loaded`: whether the server held models of others, which it may have evicted
/// since; memory that was short then can suffice now.
FailureResponse ResponseTo(FailureKind kind, bool other_models_loaded);

}  // namespace ollama_bench
