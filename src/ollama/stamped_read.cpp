#include "stamped_read.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <optional>

namespace ollama_bench {
namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

#ifdef SO_TIMESTAMPNS
nanoseconds ToDuration(const timespec& time) {
  return std::chrono::seconds(time.tv_sec) + nanoseconds(time.tv_nsec);
}

// The kernel stamps by the wall clock. Its distance to the monotonic one is taken anew each time,
// for both are corrected while the program runs.
steady_clock::time_point ToMonotonic(const timespec& stamp) {
  timespec wall{};
  clock_gettime(CLOCK_REALTIME, &wall);
  return steady_clock::now() - (ToDuration(wall) - ToDuration(stamp));
}

std::optional<timespec> StampOf(msghdr& message) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_TIMESTAMPNS) {
      timespec stamp{};
      std::memcpy(&stamp, CMSG_DATA(part), sizeof stamp);
      return stamp;
    }
  }
  return std::nullopt;
}
#endif

}  // namespace

void StampArrivals([[maybe_unused]] int socket) {
#ifdef SO_TIMESTAMPNS
  const int on = 1;
  setsockopt(socket, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
#endif
}

StampedRead ReadStamped(int socket, std::span<char> buffer, steady_clock::time_point earliest) {
  iovec part = {buffer.data(), buffer.size()};
  alignas(cmsghdr) char control[256];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t size = 0;
  do {
    size = recvmsg(socket, &message, 0);
  } while (size < 0 && errno == EINTR);

  StampedRead read;
  if (size < 0) {
    const bool is_empty = errno == EAGAIN || errno == EWOULDBLOCK;
    read.outcome = is_empty ? StampedRead::Outcome::kNothingYet : StampedRead::Outcome::kError;
    read.error = errno;
    return read;
  }
  read.arrived = steady_clock::now();
  read.outcome = size == 0 ? StampedRead::Outcome::kEnd : StampedRead::Outcome::kBytes;
  read.size = static_cast<std::size_t>(size);
#ifdef SO_TIMESTAMPNS
  if (const auto stamp = StampOf(message)) {
    const auto arrived = ToMonotonic(*stamp);
    if (arrived >= earliest && arrived <= read.arrived) {
      read.arrived = arrived;
      read.is_stamped = true;
    }
  }
#endif
  return read;
}

}  // namespace ollama_bench
