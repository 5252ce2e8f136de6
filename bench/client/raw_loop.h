#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace ollama_bench {

struct RawRun {
  std::size_t lines = 0;
  std::chrono::nanoseconds cpu{0};
  std::chrono::nanoseconds wall{0};
};

/// What receiving costs at least: `streams` copies of the request (a whole HTTP request, of a
/// server on loopback) at a time, in one loop of epoll and recvmsg with the kernel's stamps, that
/// only counts line ends of JSON. Throws std::system_error.
RawRun ReadRaw(int port, const std::string& request, int streams);

}  // namespace ollama_bench
