#pragma once

#include <httplib.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>

#include "ollama_bench/core/expected.h"
#include "ollama_bench/core/failure.h"
#include "ollama_bench/core/stop_request.h"
#include "ollama_bench/ollama/server_address.h"

namespace ollama_bench {

// A missing or wrongly typed field reads as the type's empty value, so that no server's answer can
// throw: JSON from elsewhere is no promise.
std::string TextOf(const nlohmann::json& object, const char* key);
std::optional<std::int64_t> NumberOf(const nlohmann::json& object, const char* key);

/// The object in `body`, the answer to `path`. Nesting deeper than Ollama's is refused before it
/// can exhaust the stack.
Expected<nlohmann::json, Failure> ParseAnswer(const std::string& path, const std::string& body);

/// What a status outside 200 to 299, with that body, means.
Failure RefusedAnswer(const std::string& path, int status, const std::string& body);

/// What it means that no whole answer came.
Failure NoAnswer(const ServerAddress& address, const std::string& path, httplib::Error error);

/// Breaks a client's connection when one request takes longer, or brings more bytes, than any sound
/// answer does. The library alone bounds only the pause between two bytes, and reads a header
/// without an end into memory.
///
/// From a stop request on, what is left to ask is the tidying up, and nobody is to wait for a
/// server that hangs: a request under way or begun later has 5 s, all together have 15 s, and once
/// one was not answered no other is sent.
class AnswerGuard {
 public:
  AnswerGuard(httplib::Client& client, const StopRequest& stop, std::chrono::milliseconds longest,
              std::int64_t most_bytes);
  AnswerGuard(const AnswerGuard&) = delete;
  AnswerGuard& operator=(const AnswerGuard&) = delete;

  /// Before each request; false where it is not to be sent.
  [[nodiscard]] bool Begin();
  /// After each that was begun.
  void End(bool answered);

 private:
  using Clock = std::chrono::steady_clock;
  using Time = Clock::time_point;

  void Watch(const std::stop_token& ending);
  [[nodiscard]] bool IsTooMuch() const;
  void ApplyStop();

  httplib::Client& client_;
  const StopRequest& stop_;
  std::chrono::milliseconds longest_;
  std::int64_t most_bytes_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::optional<Time> due_;      // of the request under way
  std::optional<Time> all_due_;  // since a stop request was seen
  bool is_hurried_ = false;      // the request under way, by that stop request
  bool gave_up_ = false;         // an answer did not come after it
  // Atomic and not under the mutex: the client reports its socket while it holds a lock of its own,
  // which stopping it takes, too.
  std::atomic<int> socket_{-1};
  std::atomic<std::int64_t> bytes_before_{0};  // on this connection
  std::jthread thread_;                        // last: it uses what is above
};

}  // namespace ollama_bench
