#include "support/stand_in/exchange.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string_view>

namespace ollama_bench::stand_in {
namespace {

class Socket {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  ~Socket() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  [[nodiscard]] int get() const { return descriptor_; }

 private:
  int descriptor_;
};

int Connect(const Address& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  // Listening everywhere means connecting to the loopback.
  const std::string host = address.host == "0.0.0.0" ? "127.0.0.1" : address.host;
  if (getaddrinfo(host.c_str(), std::to_string(address.port).c_str(), &hints, &found) != 0) {
    return -1;
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, freeaddrinfo);
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    const int descriptor = socket(one->ai_family, one->ai_socktype, one->ai_protocol);
    if (descriptor < 0) continue;
    if (connect(descriptor, one->ai_addr, one->ai_addrlen) == 0) return descriptor;
    close(descriptor);
  }
  return -1;
}

bool SendAll(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

}  // namespace

Address AddressFromEnvironment() {
  const char* value = std::getenv("OLLAMA_HOST");
  std::string text = value == nullptr ? "" : value;
  Address address;
  if (const auto scheme = text.find("://"); scheme != text.npos) text.erase(0, scheme + 3);
  if (const auto slash = text.find('/'); slash != text.npos) {
    address.path = text.substr(slash);
    text.resize(slash);
  }
  const auto colon = text.rfind(':');
  if (colon != text.npos) address.port = std::atoi(text.c_str() + colon + 1);
  if (const std::string host = text.substr(0, colon); !host.empty()) address.host = host;
  return address;
}

Exchanged Post(const Address& address, const std::string& path, const std::string& body,
               std::string& answer) {
  const Socket socket(Connect(address));
  if (socket.get() < 0) return Exchanged::kNoConnection;
  const std::string request = "POST " + address.path + path + " HTTP/1.1\r\nHost: " + address.host +
                              "\r\nConnection: close\r\nContent-Type: application/octet-stream\r\n"
                              "Content-Length: " +
                              std::to_string(body.size()) + "\r\n\r\n" + body;
  if (!SendAll(socket.get(), request)) return Exchanged::kBroken;
  std::string reply;
  char buffer[1 << 16];
  ssize_t got = 0;
  while ((got = recv(socket.get(), buffer, sizeof buffer, 0)) > 0) {
    reply.append(buffer, static_cast<std::size_t>(got));
  }
  const auto head = reply.find("\r\n\r\n");
  const auto length = reply.find("Content-Length: ");
  if (head == reply.npos || length > head) return Exchanged::kBroken;
  answer = reply.substr(head + 4);
  const std::size_t announced = std::strtoull(reply.c_str() + length + 16, nullptr, 10);
  return answer.size() == announced ? Exchanged::kAnswered : Exchanged::kBroken;
}

}  // namespace ollama_bench::stand_in
