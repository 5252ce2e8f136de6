#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <optional>
#include <utility>

namespace ollama_bench {

/// Owns a file descriptor; -1 is none.
class UniqueFd {
 public:
  explicit UniqueFd(int fd = -1) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~UniqueFd() { Reset(); }

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  /// Gives the descriptor away.
  int release() { return std::exchange(fd_, -1); }
  /// Closes it now.
  void Reset() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
  }

 private:
  int fd_;
};

struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;
};

/// A pipe that started programs do not inherit; empty, with errno, where the system gives none.
inline std::optional<Pipe> MakePipe() {
  int ends[2] = {-1, -1};
#ifdef __linux__
  if (pipe2(ends, O_CLOEXEC) != 0) return std::nullopt;
#else
  if (pipe(ends) != 0) return std::nullopt;
  for (const int end : ends) fcntl(end, F_SETFD, FD_CLOEXEC);
#endif
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

}  // namespace ollama_bench
