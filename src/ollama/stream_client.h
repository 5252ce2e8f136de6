#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "ollama_bench/ollama/server_address.h"
#include "stream_record.h"

namespace ollama_bench {

/// Sends streamed requests to one server, hundreds at a time, and notes when each part of their
/// answers arrived: by the kernel's own stamps, so that a busy program does not blur them. One
/// thread does all of it; connections are kept for later requests. Thread-safe.
class StreamClient {
 public:
  /// Called on the client's thread, once for each request, also where it was cancelled. May send
  /// and cancel. Must not block, for nothing is read meanwhile.
  using OnEnd = std::function<void(StreamRecord record)>;

  explicit StreamClient(ServerAddress address);
  /// Cancels what is under way and waits for its OnEnd.
  ~StreamClient();
  StreamClient(const StreamClient&) = delete;
  StreamClient& operator=(const StreamClient&) = delete;

  /// Sends the request when it is due. Gives a number to cancel it by.
  std::uint64_t Send(StreamRequest request, OnEnd on_end);
  /// Cuts the request's connection, which Ollama takes as a wish to end it. Of no effect on one
  /// that has ended.
  void Cancel(std::uint64_t id);

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace ollama_bench
