#pragma once

#include <string>
#include <vector>

#include "ollama_bench/core/expected.h"
#include "ollama_bench/core/telemetry.h"
#include "ollama_bench/core/window.h"
#include "ollama_bench/store/results_store.h"

namespace ollama_bench {

/// Keeps what is too much for the results file. Not thread-safe.
class RequestSink {
 public:
  virtual ~RequestSink() = default;

  /// The requests of a window, before its sample is stored; on disk when this returns.
  virtual Expected<void, StoreError> Keep(const std::string& sample_id,
                                          const std::vector<RequestFigures>& requests) = 0;
  /// What was read of the machine during a sample, before it is stored; on disk when this returns.
  virtual Expected<void, StoreError> KeepReadings(const std::string& sample_id,
                                                  const TelemetryRecord& record) = 0;
};

}  // namespace ollama_bench
