#include "ollama_bench/core/clock.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <poll.h>

#include <array>
#include <cstdlib>
#include <ctime>

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

std::string LocalTime(const std::string& timestamp) {
  std::tm fields{};
  const char* rest = strptime(timestamp.c_str(), "%Y-%m-%dT%H:%M:%S", &fields);
  // Without an offset nobody knows whose time it is.
  if (rest == nullptr || std::string(rest) != "+00:00") return timestamp;
  const std::time_t time = timegm(&fields);
  std::tm local{};
  if (localtime_r(&time, &local) == nullptr) return timestamp;
  std::array<char, 32> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &local);
  const long minutes = std::labs(local.tm_gmtoff) / 60;
  return fmt::format("{}{}{:02}:{:02}", std::string(text.data(), length),
                     local.tm_gmtoff < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

}  // namespace ollama_bench
