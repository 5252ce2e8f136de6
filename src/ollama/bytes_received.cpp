// Apart, because the kernel's header, which alone knows the count, and the C library's, which HTTP
// brings along, cannot be included together.
#include "bytes_received.h"

#ifdef __linux__
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#endif

namespace ollama_bench {

std::int64_t BytesReceived([[maybe_unused]] int socket) {
#ifdef __linux__
  tcp_info info{};
  socklen_t length = sizeof info;
  if (socket >= 0 && getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &length) == 0) {
    return static_cast<std::int64_t>(info.tcpi_bytes_received);
  }
#endif
  return 0;
}

}  // namespace ollama_bench
