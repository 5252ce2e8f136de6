#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "ollama_bench/workload/stream_record.h"

namespace ollama_bench {

/// Sends streamed requests to one server, many at a time, each when it is due, and records what
/// comes of them. Thread-safe.
class RequestClient {
 public:
  /// Called once for each request, also where it was cancelled, on the client's thread. May send
  /// and cancel. Must not block, for nothing is read meanwhile.
  using OnEnd = std::function<void(StreamRecord record)>;

  virtual ~RequestClient() = default;

  /// Sends the request when it is due. Gives a number to cancel it by.
  virtual std::uint64_t Send(StreamRequest request, OnEnd on_end) = 0;
  /// Cuts the request's connection, which Ollama takes as a wish to end it. Of no effect on one
  /// that has ended.
  virtual void Cancel(std::uint64_t id) = 0;
  /// CPU time that the client's thread has used so far.
  [[nodiscard]] virtual std::chrono::nanoseconds CpuTime() const = 0;
};

}  // namespace ollama_bench
