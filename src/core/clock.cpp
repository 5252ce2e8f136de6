#include "ollama_bench/core/clock.h"

#include <fmt/chrono.h>
#include <poll.h>

namespace ollama_bench {

std::string FormatTimestamp(std::chrono::system_clock::time_point time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}+00:00",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

using std::chrono::steady_clock;

steady_clock::time_point SystemClock::Now() {
  return steady_clock::now();
}

std::chrono::system_clock::time_point SystemClock::WallTime() {
  return std::chrono::system_clock::now();
}

void SystemClock::Sleep(std::chrono::milliseconds duration, const StopRequest& stop) {
  const auto until = steady_clock::now() + duration;
  while (!stop.Requested()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - steady_clock::now());
    if (left.count() <= 0) return;
    pollfd wake{stop.wake_fd(), POLLIN, 0};
    poll(&wake, 1, static_cast<int>(left.count()));
  }
}

}  // namespace ollama_bench
