#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "ollama_bench/core/debug_log.h"
#include "ollama_bench/ollama/server_address.h"
#include "ollama_bench/workload/request_client.h"

namespace ollama_bench {

/// A RequestClient that notes when each part of the answers arrived by the kernel's own stamps, so
/// that a busy program does not blur them. One thread does all of it; connections are kept for
/// later requests.
class StreamClient : public RequestClient {
 public:
  /// `log` takes a line on each request, on the thread of its OnEnd.
  explicit StreamClient(ServerAddress address, DebugLog log = nullptr);
  /// Cancels what is under way and waits for its OnEnd.
  ~StreamClient() override;
  StreamClient(const StreamClient&) = delete;
  StreamClient& operator=(const StreamClient&) = delete;

  std::uint64_t Send(StreamRequest request, OnEnd on_end) override;
  void Cancel(std::uint64_t id) override;
  [[nodiscard]] std::chrono::nanoseconds CpuTime() const override;

 private:
  class Loop;
  [[nodiscard]] OnEnd Logged(const StreamRequest& request, OnEnd on_end) const;

  std::string url_;
  DebugLog log_;
  std::unique_ptr<Loop> loop_;
};

}  // namespace ollama_bench
