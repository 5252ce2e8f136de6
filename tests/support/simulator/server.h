#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <map>
#include <memory>
#include <string>

#include "support/simulator/engine.h"
#include "support/simulator/truth.h"

namespace ollama_bench::simulator {

class Session;

/// The law behind HTTP, on one event loop. It answers as Ollama does under /api/version, tags, ps,
/// show, generate, chat, delete, and as OpenAI's interface under /v1/models, chat/completions and
/// completions.
class Server {
 public:
  /// Listens at once. Port 0 takes a free one. Throws boost::system::system_error.
  Server(boost::asio::io_context& loop, Law law, const std::string& truth_path,
         const std::string& host, unsigned short port);

  [[nodiscard]] unsigned short port() const;
  [[nodiscard]] const Law& law() const { return engine_.law(); }

  /// For sessions. Does what is due, and again when something is.
  Engine& Now(Time now);
  void Await(std::uint64_t number, std::shared_ptr<Session> session);
  /// The request is over; `session` no longer waits for it.
  void Finish(std::uint64_t number, const std::string& id, Time came,
              const std::vector<Flush>& flushes);
  void Wake();
  boost::asio::io_context& loop() { return loop_; }

 private:
  void Accept();

  boost::asio::io_context& loop_;
  Engine engine_;
  TruthFile truth_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer timer_;
  std::map<std::uint64_t, std::shared_ptr<Session>> waiting_;
};

}  // namespace ollama_bench::simulator
