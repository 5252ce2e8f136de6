#include "ollama_bench/core/local_time.h"

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <ctime>

namespace ollama_bench {

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
