#include "support/simulator/session.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <array>
#include <boost/beast/http/read.hpp>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <map>
#include <utility>

namespace ollama_bench::simulator {

namespace http = boost::beast::http;
using boost::system::error_code;
using std::chrono::steady_clock;
using std::chrono::system_clock;

namespace {

constexpr std::uint64_t kLargestRequest = std::uint64_t{256} * 1024 * 1024;

std::optional<Dialect> DialectOf(std::string_view path) {
  static const std::map<std::string_view, Dialect> kDialects = {
      {"/api/generate", Dialect::kGenerate},
      {"/api/chat", Dialect::kChat},
      {"/v1/chat/completions", Dialect::kOpenAiChat},
      {"/v1/completions", Dialect::kOpenAiCompletions}};
  const auto found = kDialects.find(path);
  return found == kDialects.end() ? std::nullopt : std::optional(found->second);
}

std::string Chunk(std::string_view bytes) {
  return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
}

// When the first bytes that wait in the socket came; now, where the kernel does not say.
Time StampOfFirst(int socket) {
  const Time now = steady_clock::now();
#ifdef SO_TIMESTAMPNS
  char byte = 0;
  iovec part = {&byte, 1};
  alignas(cmsghdr) std::array<char, 256> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  if (::recvmsg(socket, &message, MSG_PEEK | MSG_DONTWAIT) != 1) return now;
  const auto wall = system_clock::now();
  for (cmsghdr* each = CMSG_FIRSTHDR(&message); each != nullptr;
       each = CMSG_NXTHDR(&message, each)) {
    if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_TIMESTAMPNS) continue;
    timespec stamp{};
    std::memcpy(&stamp, CMSG_DATA(each), sizeof stamp);
    const auto came = std::chrono::seconds(stamp.tv_sec) + std::chrono::nanoseconds(stamp.tv_nsec);
    const auto age = wall.time_since_epoch() - came;
    if (age >= age.zero()) return now - age;
  }
#endif
  return now;
}

Answer Refusal(const Progress& progress) {
  if (progress.fault != nullptr && progress.fault->kind == Fault::Kind::kRefuse) {
    return {progress.fault->status, Json({{"error", progress.fault->message}}).dump()};
  }
  return {503, R"({"error":"server busy, please try again.  maximum pending requests exceeded"})"};
}

}  // namespace

Session::Session(Server& server, boost::asio::ip::tcp::socket socket)
    : server_(server), socket_(std::move(socket)), timer_(server.loop()) {
  error_code ignored;
  socket_.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
}

// The kernel notes when bytes come: the loop may be busy with others then.
void Session::Read() {
  socket_.async_wait(boost::asio::ip::tcp::socket::wait_read,
                     [self = shared_from_this()](const error_code& why) {
                       if (why) return self->Close();
                       self->came_ = StampOfFirst(self->socket_.native_handle());
                       self->ReadRequest();
                     });
}

void Session::ReadRequest() {
  parser_.emplace();
  parser_->body_limit(kLargestRequest);
  http::async_read(socket_, buffer_, *parser_,
                   [self = shared_from_this()](const error_code& why, std::size_t) {
                     if (why) return self->Close();
                     self->Handle();
                   });
}

void Session::Handle() {
  const auto& message = parser_->get();
  const std::string_view target(message.target().data(), message.target().size());
  const std::string_view path = target.substr(0, target.find('?'));
  const Json body =
      message.body().empty() ? Json::object() : Json::parse(message.body(), nullptr, false);
  if (!body.is_object()) return Reply({400, R"({"error":"invalid JSON"})"});
  const auto dialect = DialectOf(path);
  if (dialect) return HandleText(*dialect, body);
  const auto method = message.method_string();
  Reply(
      AnswerControl(server_.Now(steady_clock::now()), {method.data(), method.size()}, path, body));
}

void Session::HandleText(Dialect dialect, const Json& body) {
  const Time now = steady_clock::now();
  try {
    asked_ = ReadAsked(dialect, body);
  } catch (const Json::exception& error) {
    return Reply({400, Json({{"error", error.what()}}).dump()});
  }
  Engine& engine = server_.Now(now);
  if (!HasModel(engine.law(), asked_.model)) return Reply(NoSuchModel(asked_.model));
  writer_.emplace(dialect, asked_.model);
  if (!asked_.has_prompt) return HandleEmpty(asked_);
  flushes_.clear();
  text_.clear();
  const Progress& progress = engine.Arrive(now, asked_.request);
  number_ = progress.number;
  if (progress.outcome == Outcome::kRefused) {
    Reply(Refusal(progress));
    return server_.Finish(std::exchange(number_, 0), asked_.id, came_, flushes_);
  }
  server_.Await(number_, shared_from_this());
  WatchForEnd();
}

void Session::HandleEmpty(const Asked& asked) {
  const Time now = steady_clock::now();
  Engine& engine = server_.Now(now);
  if (asked.unloads) {
    engine.Unload(now);
  } else {
    engine.Load(now, asked.request.runner);
  }
  server_.Wake();
  // Loading is waited for; so is what the model still answers before it is unloaded, by the client.
  Answer answer{200, writer_->EmptyOf(asked.unloads ? "unload" : "load", system_clock::now())};
  if (asked.unloads) return Reply(std::move(answer));
  timer_.expires_at(std::max(engine.stalled_until(), now) +
                    std::chrono::nanoseconds(static_cast<std::int64_t>(
                        engine.loaded() == asked.request.runner ? 0 : engine.law().load_s * 1e9)));
  timer_.async_wait([self = shared_from_this(), answer = std::move(answer)](const error_code& why) {
    if (!why) self->ReplyNow(answer);
  });
}

// A stalled server answers nothing.
void Session::Reply(Answer answer) {
  const Time until = server_.Now(steady_clock::now()).stalled_until();
  if (until <= steady_clock::now()) return ReplyNow(answer);
  timer_.expires_at(until);
  timer_.async_wait([self = shared_from_this(), answer = std::move(answer)](const error_code& why) {
    if (!why) self->ReplyNow(answer);
  });
}

void Session::ReplyNow(const Answer& answer) {
  Write(fmt::format(
      "HTTP/1.1 {} {}\r\nContent-Type: application/json; charset=utf-8\r\n"
      "Content-Length: {}\r\n\r\n{}",
      answer.status, answer.status == 200 ? "OK" : "Refused", answer.body.size(), answer.body));
  if (parser_->get().keep_alive()) return Read();
  Close();
}

// A client that hangs up gives its request up.
void Session::WatchForEnd() {
  socket_.async_wait(boost::asio::ip::tcp::socket::wait_read,
                     [self = shared_from_this(), watch = ++watch_](const error_code& why) {
                       if (why || self->number_ == 0 || watch != self->watch_) return;
                       char next = 0;
                       const auto size =
                           ::recv(self->socket_.native_handle(), &next, 1, MSG_PEEK | MSG_DONTWAIT);
                       if (size == 0 || (size < 0 && errno != EAGAIN)) self->Cancel();
                     });
}

void Session::Cancel() {
  const Time now = steady_clock::now();
  server_.Now(now).Cancel(now, number_);
  server_.Finish(std::exchange(number_, 0), asked_.id, came_, flushes_);
  server_.Wake();
  Close();
}

void Session::Take(const Piece& piece, const Progress& progress) {
  flushes_.push_back({steady_clock::now(), piece.kind});
  if (asked_.streams) {
    StreamPiece(piece, progress);
  } else {
    CollectPiece(piece, progress);
  }
  if (piece.IsEnd()) Finish(piece);
}

void Session::StreamPiece(const Piece& piece, const Progress& progress) {
  std::string bytes;
  if (flushes_.size() == 1) {
    bytes = fmt::format("HTTP/1.1 200 OK\r\nContent-Type: {}\r\nTransfer-Encoding: chunked\r\n\r\n",
                        writer_->ContentType());
  }
  const std::string line = writer_->LineOf(piece, progress, server_.law(), system_clock::now());
  if (!line.empty()) bytes += Chunk(line);
  if (piece.kind == Piece::Kind::kCut) {
    bytes += "40\r\n{\"model\":";
  } else if (piece.IsEnd()) {
    bytes += "0\r\n\r\n";
  }
  flushes_.back().time = steady_clock::now();
  Write(bytes);
}

void Session::CollectPiece(const Piece& piece, const Progress& progress) {
  if (piece.kind == Piece::Kind::kText) text_ += TextOf(piece.first, piece.tokens);
  if (!piece.IsEnd() || piece.kind == Piece::Kind::kCut) return;
  const bool has_error = piece.kind == Piece::Kind::kError;
  const std::string body =
      has_error ? Json({{"error", progress.fault->message}}).dump()
                : writer_->WholeOf(text_, progress, server_.law(), system_clock::now());
  Write(
      fmt::format("HTTP/1.1 {}\r\nContent-Type: application/json; charset=utf-8\r\n"
                  "Content-Length: {}\r\n\r\n{}",
                  has_error ? "500 Internal Server Error" : "200 OK", body.size(), body));
}

void Session::Finish(const Piece& piece) {
  server_.Finish(std::exchange(number_, 0), asked_.id, came_, flushes_);
  if (piece.kind == Piece::Kind::kCut || !parser_->get().keep_alive()) return Close();
  Read();
}

void Session::Write(std::string_view bytes) {
  if (!unsent_.empty()) {
    unsent_ += bytes;
    return;
  }
  const ssize_t sent = ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) return;
  const auto taken = static_cast<std::size_t>(std::max<ssize_t>(sent, 0));
  if (taken == bytes.size()) return;
  unsent_ = bytes.substr(taken);
  AwaitRoom();
}

void Session::AwaitRoom() {
  socket_.async_wait(boost::asio::ip::tcp::socket::wait_write,
                     [self = shared_from_this()](const error_code& why) {
                       if (!why) self->Write(std::exchange(self->unsent_, ""));
                     });
}

void Session::Close() {
  error_code ignored;
  socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
  if (unsent_.empty()) socket_.close(ignored);
}

}  // namespace ollama_bench::simulator
