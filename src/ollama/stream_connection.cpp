#include "stream_connection.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace ollama_bench {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t kReadSize = 65'536;

}  // namespace

StreamConnection::StreamConnection(asio::io_context& loop, const ServerAddress& address,
                                   const TlsContext* tls)
    : socket_(loop), host_(address.host) {
  if (tls != nullptr) tls_.emplace(*tls, host_);
}

void StreamConnection::Connect(Endpoints endpoints) {
  endpoints_ = std::move(endpoints);
  TryNext("the name has no address");
}

void StreamConnection::TryNext(std::string error) {
  if (next_endpoint_ == endpoints_.size()) return Fail(error);
  error_code ignored;
  socket_.close(ignored);
  socket_.async_connect(endpoints_[next_endpoint_++],
                        [self = shared_from_this()](const error_code& why) {
                          if (why == asio::error::operation_aborted) return;
                          if (why) return self->TryNext(why.message());
                          self->Connected();
                        });
}

void StreamConnection::Connected() {
  error_code why;
  socket_.non_blocking(true, why);
  socket_.set_option(asio::ip::tcp::no_delay(true), why);
  StampArrivals(socket_.native_handle());
  last_arrival_ = std::chrono::steady_clock::now();
  is_reached_ = true;
  AwaitBytes();
  if (!tls_) {
    is_connected_ = true;
    if (listener_ != nullptr) listener_->OnConnected();
    return;
  }
  if (const auto begun = tls_->Handshake(); !begun) return Fail(begun.error());
  Flush();
}

StreamConnection::Obstacle StreamConnection::obstacle() const {
  if (!is_reached_ || !tls_) return Obstacle::kUnreachable;
  return tls_->IsUntrusted() ? Obstacle::kUntrusted : Obstacle::kNoTls;
}

void StreamConnection::AwaitBytes() {
  socket_.async_wait(asio::ip::tcp::socket::wait_read,
                     [self = shared_from_this()](const error_code& why) {
                       if (!why) self->TakeBytes();
                     });
}

void StreamConnection::TakeBytes() {
  // One buffer serves all connections, for the loop has one thread.
  thread_local std::array<char, kReadSize> buffer;
  while (socket_.is_open()) {
    const StampedRead read = ReadStamped(socket_.native_handle(), buffer, last_arrival_);
    if (read.outcome == StampedRead::Outcome::kNothingYet) break;
    if (read.outcome == StampedRead::Outcome::kError) {
      return Fail(std::system_category().message(read.error));
    }
    if (read.outcome == StampedRead::Outcome::kEnd) return Fail("");
    last_arrival_ = read.arrived;
    const std::string_view bytes(buffer.data(), read.size);
    if (tls_) {
      TakeEncrypted(bytes, read);
    } else {
      Deliver(bytes, read);
    }
    // What a whole buffer did not hold is there already; all else is announced.
    if (read.size < buffer.size()) break;
  }
  if (socket_.is_open()) AwaitBytes();
}

void StreamConnection::Deliver(std::string_view bytes, const StampedRead& read) {
  if (listener_ == nullptr) return Close();
  listener_->OnBytes(bytes, read);
}

void StreamConnection::TakeEncrypted(std::string_view bytes, const StampedRead& read) {
  tls_->Receive(bytes);
  if (!is_tls_ready_) {
    const auto handshake = tls_->Handshake();
    Flush();
    if (!handshake) return Fail(handshake.error());
    if (!*handshake) return;
    is_tls_ready_ = true;
    is_connected_ = true;
    if (listener_ != nullptr) listener_->OnConnected();
  }
  const bool goes_on = tls_->Read(plain_);
  Flush();
  if (!plain_.empty()) Deliver(plain_, read);
  if (!goes_on && socket_.is_open()) Fail("");
}

StreamConnection::Time StreamConnection::Send(std::string_view bytes) {
  if (tls_) {
    tls_->Write(bytes);
  } else {
    to_send_ += bytes;
  }
  const auto now = std::chrono::steady_clock::now();
  Flush();
  return now;
}

void StreamConnection::Flush() {
  if (tls_) to_send_ += tls_->Outgoing();
  std::size_t sent = 0;
  while (sent < to_send_.size() && !awaits_room_ && socket_.is_open()) {
    const ssize_t size = ::send(socket_.native_handle(), to_send_.data() + sent,
                                to_send_.size() - sent, MSG_NOSIGNAL);
    if (size >= 0) {
      sent += static_cast<std::size_t>(size);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      awaits_room_ = true;
      socket_.async_wait(asio::ip::tcp::socket::wait_write,
                         [self = shared_from_this()](const error_code& why) {
                           self->awaits_room_ = false;
                           if (!why) self->Flush();
                         });
    } else if (errno != EINTR) {
      // What the server said before it closed is still to be read; the end follows it.
      to_send_.clear();
      return;
    }
  }
  to_send_.erase(0, sent);
}

void StreamConnection::Close() {
  error_code ignored;
  is_connected_ = false;
  socket_.close(ignored);
}

void StreamConnection::Fail(const std::string& error) {
  Close();
  if (Listener* const listener = std::exchange(listener_, nullptr)) listener->OnClosed(error);
}

}  // namespace ollama_bench
