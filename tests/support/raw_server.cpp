#include "support/raw_server.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

namespace ollama_bench {
namespace {

bool SendAll(int connection, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

}  // namespace

RawServer::RawServer() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (bind(socket_, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
      listen(socket_, 16) != 0 ||
      getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    throw std::system_error(errno, std::generic_category(), "listening");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Serve(); });
}

RawServer::~RawServer() {
  shutdown(socket_, SHUT_RDWR);  // ends the wait for a connection
  thread_.join();
  close(socket_);
}

void RawServer::Answer(std::string bytes) {
  const std::lock_guard lock(script_->mutex);
  script_->answer = std::move(bytes);
  script_->endless.clear();
}

void RawServer::RepeatForEver(std::string bytes) {
  const std::lock_guard lock(script_->mutex);
  script_->endless = std::move(bytes);
}

void RawServer::Serve() {
  while (true) {
    const int connection = accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0 && (errno == EINVAL || errno == EBADF)) return;
    if (connection < 0) continue;
    // One that nobody reads from any more must not keep the next one waiting.
    std::thread([script = script_, connection] {
      Reply(connection, *script);
      close(connection);
    }).detach();
  }
}

void RawServer::Reply(int connection, Script& script) {
  std::string request;
  char buffer[4096];
  ssize_t got = 0;
  while (request.find("\r\n\r\n") == std::string::npos &&
         (got = read(connection, buffer, sizeof buffer)) > 0) {
    request.append(buffer, static_cast<std::size_t>(got));
  }
  std::string answer;
  std::string endless;
  {
    const std::lock_guard lock(script.mutex);
    answer = script.answer;
    endless = script.endless;
  }
  bool listens = SendAll(connection, answer);
  while (listens && !endless.empty()) listens = SendAll(connection, endless);
  // Closing with a part of the request unread would throw the answer away.
  shutdown(connection, SHUT_WR);
  while (read(connection, buffer, sizeof buffer) > 0) {
  }
}

}  // namespace ollama_bench
