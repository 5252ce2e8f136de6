#pragma once

#include <httplib.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>

namespace ollama_bench {

/// Breaks a client's connection when one request takes longer, or brings more bytes, than any sound
/// answer does. The library alone bounds only the pause between two bytes, and reads a header
/// without an end into memory.
class AnswerGuard {
 public:
  AnswerGuard(httplib::Client& client, std::chrono::milliseconds longest, std::int64_t most_bytes);
  AnswerGuard(const AnswerGuard&) = delete;
  AnswerGuard& operator=(const AnswerGuard&) = delete;

  /// Around each request.
  void Begin();
  void End();

 private:
  using Time = std::chrono::steady_clock::time_point;

  void Watch(const std::stop_token& stop);

  httplib::Client& client_;
  std::chrono::milliseconds longest_;
  std::int64_t most_bytes_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::optional<Time> due_;  // of the request under way
  // Atomic and not under the mutex: the client tells its socket while it holds a lock of its own,
  // which stopping it takes, too.
  std::atomic<int> socket_{-1};
  std::atomic<std::int64_t> bytes_before_{0};  // on this connection
  std::jthread thread_;                        // last: it uses what stands above
};

}  // namespace ollama_bench
