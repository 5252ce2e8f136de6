#include "client/raw_loop.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <string_view>
#include <system_error>

namespace ollama_bench {
namespace {

std::chrono::nanoseconds ThreadCpu() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

int Check(int result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

int Connect(int port) {
  const int connection = Check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  Check(connect(connection, reinterpret_cast<sockaddr*>(&address), sizeof address), "connect");
  const int on = 1;
  setsockopt(connection, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
  return connection;
}

// Lines that came; sets `is_over` with the last.
std::size_t Receive(int connection, bool& is_over) {
  static thread_local std::array<char, 65'536> buffer;
  alignas(cmsghdr) std::array<char, 256> control{};
  iovec part = {buffer.data(), buffer.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t size = recvmsg(connection, &message, MSG_DONTWAIT);
  is_over = size == 0 || (size < 0 && errno != EAGAIN);
  if (size <= 0) return 0;
  const std::string_view bytes(buffer.data(), static_cast<std::size_t>(size));
  is_over = bytes.ends_with("\r\n0\r\n\r\n");
  std::size_t lines = 0;
  for (auto at = bytes.find("}\n"); at != bytes.npos; at = bytes.find("}\n", at + 2)) ++lines;
  return lines;
}

}  // namespace

RawRun ReadRaw(int port, const std::string& request, int streams) {
  const int loop = Check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  RawRun run;
  const auto start = std::chrono::steady_clock::now();
  const auto cpu_before = ThreadCpu();
  for (int i = 0; i < streams; ++i) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = Connect(port);
    Check(epoll_ctl(loop, EPOLL_CTL_ADD, event.data.fd, &event), "epoll_ctl");
    if (send(event.data.fd, request.data(), request.size(), MSG_NOSIGNAL) < 0) Check(-1, "send");
  }
  std::array<epoll_event, 256> ready{};
  for (int open = streams; open > 0;) {
    const int count = epoll_wait(loop, ready.data(), static_cast<int>(ready.size()), -1);
    for (int i = 0; i < std::max(0, count); ++i) {
      const int connection = ready[static_cast<std::size_t>(i)].data.fd;
      bool is_over = false;
      run.lines += Receive(connection, is_over);
      if (!is_over) continue;
      close(connection);
      --open;
    }
  }
  run.cpu = ThreadCpu() - cpu_before;
  run.wall = std::chrono::steady_clock::now() - start;
  close(loop);
  return run;
}

}  // namespace ollama_bench
