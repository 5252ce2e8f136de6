#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace ollama_bench {

/// A server on loopback that answers every connection with the same bytes, whatever they are, and
/// closes it.
class RawServer {
 public:
  /// Throws std::system_error where there is no port.
  RawServer();
  ~RawServer();
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  [[nodiscard]] int port() const { return port_; }
  void Answer(std::string bytes);
  /// Repeats `bytes` after the answer for as long as the client reads.
  void RepeatForEver(std::string bytes);

 private:
  /// A client that gave an earlier answer up may still be served when the next one is set, or when
  /// the server is gone.
  struct Script {
    std::mutex mutex;
    std::string answer;
    std::string endless;
  };

  void Serve();
  static void Reply(int connection, Script& script);

  int socket_;
  int port_ = 0;
  std::shared_ptr<Script> script_ = std::make_shared<Script>();
  std::thread thread_;  // last: it uses what is above
};

}  // namespace ollama_bench
