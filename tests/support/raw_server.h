#pragma once

#include <mutex>
#include <string>

namespace ollama_bench {

/// A server on loopback that answers every connection with the same bytes, whatever they are, and
/// closes it. Serves until the program ends.
class RawServer {
 public:
  /// Throws std::system_error where there is no port.
  RawServer();
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  [[nodiscard]] int port() const { return port_; }
  void Answer(std::string bytes);
  /// Repeats `bytes` after the answer for as long as the client reads.
  void RepeatForEver(std::string bytes);

 private:
  void Serve();
  void Reply(int connection);

  int socket_;
  int port_ = 0;
  // A client that gave an earlier answer up may still be served when the next one is set.
  std::mutex mutex_;
  std::string answer_;
  std::string endless_;
};

}  // namespace ollama_bench
