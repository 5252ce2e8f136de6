#include "support/simulator/server.h"

#include <boost/asio/ip/address.hpp>
#include <utility>

#include "support/simulator/session.h"

namespace ollama_bench::simulator {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::steady_clock;

Server::Server(asio::io_context& loop, Law law, const std::string& truth_path,
               const std::string& host, unsigned short port)
    : loop_(loop),
      engine_(std::move(law), steady_clock::now()),
      truth_(truth_path),
      acceptor_(loop),
      timer_(loop) {
  const tcp::endpoint endpoint(asio::ip::make_address(host), port);
  acceptor_.open(endpoint.protocol());
  acceptor_.set_option(tcp::acceptor::reuse_address(true));
  acceptor_.bind(endpoint);
#ifdef SO_TIMESTAMPNS
  // What is accepted inherits it.
  const int on = 1;
  setsockopt(acceptor_.native_handle(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
#endif
  acceptor_.listen(4096);
  Accept();
  Wake();
}

unsigned short Server::port() const {
  return acceptor_.local_endpoint().port();
}

void Server::Accept() {
  acceptor_.async_accept([this](const error_code& why, tcp::socket socket) {
    if (!why) std::make_shared<Session>(*this, std::move(socket))->Read();
    Accept();
  });
}

Engine& Server::Now(Time now) {
  for (const Piece& piece : engine_.Advance(now)) {
    const auto found = waiting_.find(piece.number);
    const Progress* const progress = engine_.Find(piece.number);
    if (found == waiting_.end() || progress == nullptr) continue;
    const std::shared_ptr<Session> session = found->second;
    session->Take(piece, *progress);
  }
  return engine_;
}

void Server::Await(std::uint64_t number, std::shared_ptr<Session> session) {
  waiting_[number] = std::move(session);
  Wake();
}

void Server::Finish(std::uint64_t number, const std::string& id, Time came,
                    const std::vector<Flush>& flushes) {
  if (const Progress* const progress = engine_.Find(number))
    truth_.Add(*progress, id, came, flushes);
  engine_.Forget(number);
  waiting_.erase(number);
}

void Server::Wake() {
  const auto next = engine_.Next();
  if (!next) return;
  timer_.expires_at(*next);
  timer_.async_wait([this](const error_code& why) {
    if (why) return;
    Now(steady_clock::now());
    Wake();
  });
}

}  // namespace ollama_bench::simulator
