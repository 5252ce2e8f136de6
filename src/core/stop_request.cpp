#include "ollama_bench/core/stop_request.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace ollama_bench {

StopRequest::StopRequest() {
  if (pipe(pipe_) != 0) {
    pipe_[0] = pipe_[1] = -1;
    return;
  }
  for (const int fd : pipe_) {
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, O_NONBLOCK);
  }
}

StopRequest::~StopRequest() {
  for (const int fd : pipe_) {
    if (fd >= 0) close(fd);
  }
}

void StopRequest::Request(int signal_number) noexcept {
  int none = 0;
  if (!signal_number_.compare_exchange_strong(none, signal_number)) return;
  const int saved_errno = errno;
  // One byte that is never read keeps the pipe readable; a full or missing pipe changes nothing.
  [[maybe_unused]] const ssize_t written = write(pipe_[1], "!", 1);
  errno = saved_errno;
}

}  // namespace ollama_bench
