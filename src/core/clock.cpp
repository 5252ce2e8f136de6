#include "ollama_bench/core/clock.h"

#include <fmt/chrono.h>

namespace ollama_bench {

std::string FormatTimestamp(std::chrono::system_clock::time_point time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}+00:00",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

}  // namespace ollama_bench
