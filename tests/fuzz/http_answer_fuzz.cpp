// Any bytes as a server's answer: a value or a failure that can be shown. The first byte chooses
// the request, and whether the bytes are the whole answer or the body of a sound one.

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <mutex>
#include <thread>

#include "ollama_bench/core/text.h"
#include "ollama_bench/ollama/ollama_api.h"
#include "require.h"

namespace ollama_bench {
namespace {

// A server on loopback that answers every connection with the same bytes and closes it.
class RawServer {
 public:
  RawServer() : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    std::signal(SIGPIPE, SIG_IGN);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    Require(bind(socket_, reinterpret_cast<sockaddr*>(&address), length) == 0);
    Require(listen(socket_, 16) == 0);
    Require(getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &length) == 0);
    port_ = ntohs(address.sin_port);
    std::thread([this] { Serve(); }).detach();
  }

  [[nodiscard]] int port() const { return port_; }
  void Answer(std::string bytes) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(bytes);
  }

 private:
  void Serve() {
    while (true) {
      const int connection = accept(socket_, nullptr, nullptr);
      if (connection < 0) continue;
      std::string request;
      char buffer[4096];
      ssize_t got = 0;
      while (request.find("\r\n\r\n") == std::string::npos &&
             (got = read(connection, buffer, sizeof buffer)) > 0) {
        request.append(buffer, static_cast<std::size_t>(got));
      }
      const std::string answer = [this] {
        const std::lock_guard lock(mutex_);
        return answer_;
      }();
      [[maybe_unused]] const ssize_t written = write(connection, answer.data(), answer.size());
      // Without reading what may be left of the request, closing would throw the answer away.
      shutdown(connection, SHUT_WR);
      while (read(connection, buffer, sizeof buffer) > 0) {
      }
      close(connection);
    }
  }

  int socket_;
  int port_ = 0;
  // A client that gave an earlier answer up may still be served when the next one is set.
  std::mutex mutex_;
  std::string answer_;
};

void Check(const Failure& failure) {
  Require(!failure.message.empty() && failure.message.size() < 100'000);
  Require(Printable(failure.message) == failure.message);
  Require(Printable(failure.output_tail) == failure.output_tail);
}

void Ask(OllamaApi& api, int which) {
  if (which == 0) {
    const auto version = api.Version();
    version ? Require(Printable(*version, false) == *version) : Check(version.error());
  } else if (which == 1) {
    const auto models = api.Models();
    if (!models) Check(models.error());
    for (const ModelListing& model : models ? *models : std::vector<ModelListing>()) {
      Require(Printable(model.name, false) == model.name);
    }
  } else if (which == 2) {
    if (const auto running = api.Running(); !running) Check(running.error());
  } else {
    if (const auto details = api.Show("m"); !details) Check(details.error());
  }
}

}  // namespace
}  // namespace ollama_bench

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ollama_bench;
  if (size == 0) return 0;
  static RawServer server;
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const bool is_body = (data[0] & 4U) != 0;
  const char* status = (data[0] & 8U) != 0 ? "404 Not Found" : "200 OK";
  server.Answer(is_body ? "HTTP/1.1 " + std::string(status) + "\r\nContent-Length: " +
                              std::to_string(bytes.size()) + "\r\nConnection: close\r\n\r\n" + bytes
                        : bytes);
  OllamaApi api(ParseServerAddress("127.0.0.1:" + std::to_string(server.port())).value());
  Ask(api, data[0] & 3);
  return 0;
}
