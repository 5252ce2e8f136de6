#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/simulator/control.h"
#include "support/simulator/server.h"
#include "support/simulator/wire.h"

namespace ollama_bench::simulator {

/// One connection: its requests one after another. Lives as long as something of it is pending.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Server& server, boost::asio::ip::tcp::socket socket);

  /// Reads the next request.
  void Read();
  /// Of the request that the session waits for.
  void Take(const Piece& piece, const Progress& progress);

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  void ReadRequest();
  void Handle();
  void HandleText(Dialect dialect, const Json& body);
  void HandleEmpty(const Asked& asked);
  void Reply(Answer answer);
  void ReplyNow(const Answer& answer);
  void WatchForEnd();
  void Cancel();
  void StreamPiece(const Piece& piece, const Progress& progress);
  void CollectPiece(const Piece& piece, const Progress& progress);
  void Finish(const Piece& piece);
  void Write(std::string_view bytes);
  void AwaitRoom();
  void Close();

  Server& server_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer timer_;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  Asked asked_;
  std::optional<Writer> writer_;
  std::uint64_t number_ = 0;  // of the request under way
  std::uint64_t watch_ = 0;   // counts the waits for its end
  Time came_;                 // the request
  std::vector<Flush> flushes_;
  std::string text_;    // of an answer that is not streamed
  std::string unsent_;  // for which the kernel had no room
};

}  // namespace ollama_bench::simulator
