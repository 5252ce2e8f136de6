#pragma once

#include <string>
#include <vector>

#include "ollama_bench/core/expected.h"
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
};

}  // namespace ollama_bench
