#pragma once

#include <cstdint>

namespace ollama_bench {

/// How many bytes have come over a TCP connection so far; 0 where the system does not count.
std::int64_t BytesReceived(int socket);

}  // namespace ollama_bench
