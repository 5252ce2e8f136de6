#pragma once

#include <chrono>
#include <cstddef>
#include <span>

namespace ollama_bench {

/// What one read from a socket brought.
struct StampedRead {
  enum class Outcome { kBytes, kNothingYet, kEnd, kError };

  Outcome outcome = Outcome::kError;
  std::size_t size = 0;  ///< bytes
  std::chrono::steady_clock::time_point arrived;
  bool is_stamped = false;  ///< `arrived` is the kernel's, not the time of the read
  int error = 0;            ///< errno, of kError
};

/// Asks the kernel to note when bytes arrive at the socket. Where it cannot, reads bear their own
/// time.
void StampArrivals(int socket);

/// Reads from a non-blocking socket. Of bytes that arrived one after another the time is that of
/// the last. A stamp before `earliest` or after now is impossible (the wall clock, which the kernel
/// uses, was set) and not taken.
StampedRead ReadStamped(int socket, std::span<char> buffer,
                        std::chrono::steady_clock::time_point earliest);

}  // namespace ollama_bench
