#pragma once

#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ollama_bench/ollama/server_address.h"
#include "stamped_read.h"
#include "tls_session.h"

namespace ollama_bench {

/// One connection to the server, plain or TLS, on the event loop of its io_context. Reads as soon
/// as it is connected and until it is closed.
class StreamConnection : public std::enable_shared_from_this<StreamConnection> {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Endpoints = std::vector<boost::asio::ip::tcp::endpoint>;

  /// Called on the loop. After OnClosed nothing is called.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void OnConnected() = 0;
    /// `read` gives the time; the bytes are those behind TLS.
    virtual void OnBytes(std::string_view bytes, const StampedRead& read) = 0;
    /// By the server, or because of `error`, which is empty where the server just closed it.
    virtual void OnClosed(const std::string& error) = 0;
  };

  /// `tls` is null for http. It and the io_context must outlive the connection.
  StreamConnection(boost::asio::io_context& loop, const ServerAddress& address,
                   const TlsContext* tls);

  /// Tries the endpoints one after another.
  void Connect(Endpoints endpoints);
  /// Null: what comes now is unasked for, and closes it.
  void SetListener(Listener* listener) { listener_ = listener; }
  /// Sends the bytes after those before. Gives the time at which their first byte left.
  Time Send(std::string_view bytes);
  void Close();
  [[nodiscard]] bool IsOpen() const { return is_connected_ && socket_.is_open(); }
  /// What kept it from being connected; of use in an OnClosed without an OnConnected before.
  enum class Obstacle { kUnreachable, kNoTls, kUntrusted };
  [[nodiscard]] Obstacle obstacle() const;

 private:
  void TryNext(std::string error);
  void Connected();
  void AwaitBytes();
  void TakeBytes();
  void Deliver(std::string_view bytes, const StampedRead& read);
  void TakeEncrypted(std::string_view bytes, const StampedRead& read);
  void Flush();
  void Fail(const std::string& error);

  boost::asio::ip::tcp::socket socket_;
  std::string host_;
  std::optional<TlsSession> tls_;
  bool is_reached_ = false;  ///< but for TLS
  bool is_tls_ready_ = false;
  bool is_connected_ = false;
  Endpoints endpoints_;
  std::size_t next_endpoint_ = 0;
  Listener* listener_ = nullptr;
  std::string to_send_;
  bool awaits_room_ = false;  // to send
  std::string plain_;         // behind TLS
  Time last_arrival_;
};

}  // namespace ollama_bench
