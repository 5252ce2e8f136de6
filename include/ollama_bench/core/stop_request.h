#pragma once

#include <atomic>

namespace ollama_bench {

/// A request to stop, made by a signal handler or a test. It is read between steps, and code that
/// blocks in poll() also watches `wake_fd()`. One object lives for the whole program.
class StopRequest {
 public:
  StopRequest();
  ~StopRequest();
  StopRequest(const StopRequest&) = delete;
  StopRequest& operator=(const StopRequest&) = delete;

  /// Async-signal-safe. `signal_number` is what the program will die of in the end.
  void Request(int signal_number) noexcept;
  [[nodiscard]] bool Requested() const noexcept { return signal_number_.load() != 0; }
  /// The signal of the first request, 0 without one.
  [[nodiscard]] int signal_number() const noexcept { return signal_number_.load(); }
  /// Readable from the first request on and for good; -1 where the system gave no pipe.
  [[nodiscard]] int wake_fd() const noexcept { return pipe_[0]; }

 private:
  std::atomic<int> signal_number_{0};
  int pipe_[2] = {-1, -1};
};

}  // namespace ollama_bench
