#include "ollama_bench/ollama/stream_client.h"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <ctime>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "http_answer.h"
#include "http_body.h"
#include "ollama_bench/core/text.h"
#include "stream_connection.h"
#include "stream_reader.h"

namespace ollama_bench {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::steady_clock;

constexpr std::chrono::seconds kConnectTimeout{5};
// From the last line to the end of the answer, which tells nothing more.
constexpr std::chrono::seconds kEndTimeout{1};

/// What requests need of the client: connections.
class ConnectionPool {
 public:
  ConnectionPool(asio::io_context& loop, const ServerAddress& address)
      : loop_(loop), address_(address), resolver_(loop) {
    if (address.scheme == "https") tls_.emplace();
  }

  [[nodiscard]] const ServerAddress& address() const { return address_; }
  asio::io_context& loop() { return loop_; }

  /// One that is open and idle; null where there is none.
  std::shared_ptr<StreamConnection> TakeIdle() {
    while (!idle_.empty()) {
      const auto connection = std::move(idle_.back());
      idle_.pop_back();
      if (connection->IsOpen()) return connection;
    }
    return nullptr;
  }
  void GiveBack(std::shared_ptr<StreamConnection> connection) {
    connection->SetListener(nullptr);
    if (connection->IsOpen()) idle_.push_back(std::move(connection));
  }
  std::shared_ptr<StreamConnection> Open(StreamConnection::Listener& listener) {
    auto connection = std::make_shared<StreamConnection>(loop_, address_, tls_ ? &*tls_ : nullptr);
    connection->SetListener(&listener);
    if (!endpoints_.empty()) {
      connection->Connect(endpoints_);
      return connection;
    }
    resolver_.async_resolve(address_.host, std::to_string(address_.port),
                            [this, connection](const error_code& why,
                                               const asio::ip::tcp::resolver::results_type& found) {
                              if (why == asio::error::operation_aborted) return;
                              endpoints_.assign(found.begin(), found.end());
                              connection->Connect(endpoints_);
                            });
    return connection;
  }
  void CloseIdle() {
    resolver_.cancel();
    for (const auto& connection : idle_) connection->Close();
    idle_.clear();
  }

 private:
  asio::io_context& loop_;
  ServerAddress address_;
  std::optional<TlsContext> tls_;
  asio::ip::tcp::resolver resolver_;
  StreamConnection::Endpoints endpoints_;
  std::vector<std::shared_ptr<StreamConnection>> idle_;
};

std::string HttpRequest(const ServerAddress& address, const StreamRequest& request) {
  const std::string origin = address.Origin();
  return fmt::format(
      "POST {}{} HTTP/1.1\r\nHost: {}\r\nUser-Agent: ollama-bench\r\n"
      "Accept: application/x-ndjson\r\nContent-Type: application/json\r\n"
      "Content-Length: {}\r\n\r\n{}",
      address.path, request.path, origin.substr(origin.find("://") + 3), request.body.size(),
      request.body);
}

httplib::Error ErrorOf(StreamConnection::Obstacle obstacle) {
  switch (obstacle) {
    case StreamConnection::Obstacle::kNoTls:
      return httplib::Error::SSLConnection;
    case StreamConnection::Obstacle::kUntrusted:
      return httplib::Error::SSLServerVerification;
    default:
      return httplib::Error::Connection;
  }
}

/// One request from its due time to its end.
class Exchange : private StreamConnection::Listener {
 public:
  Exchange(ConnectionPool& pool, StreamRequest request, StreamClient::OnEnd on_end,
           std::function<void()> on_over)
      : pool_(pool),
        request_(std::move(request)),
        on_end_(std::move(on_end)),
        on_over_(std::move(on_over)),
        timer_(pool.loop()),
        reader_(request_.path, request_.keep_text, record_) {
    record_.due = request_.due.value_or(steady_clock::now());
  }
  ~Exchange() override {
    if (connection_) connection_->Close();
  }

  void Begin() {
    if (record_.due <= steady_clock::now()) return Start();
    timer_.expires_at(record_.due);
    timer_.async_wait([this](const error_code& why) {
      if (!why) Start();
    });
  }
  /// The record's OnEnd is called before this returns.
  void End(StreamEnd end, std::optional<Failure> failure) {
    record_.end = end;
    record_.failure = std::move(failure);
    Close();
  }
  void Cancel() {
    if (is_over_) return;
    End(StreamEnd::kCancelled, Stopped());
  }

 private:
  void Start() {
    Await(std::min(Deadline(), steady_clock::now() + kConnectTimeout));
    connection_ = pool_.TakeIdle();
    record_.reused_connection = connection_ != nullptr;
    if (!connection_) {
      connection_ = pool_.Open(*this);
      return;
    }
    connection_->SetListener(this);
    OnConnected();
  }

  [[nodiscard]] StreamConnection::Time Deadline() const { return record_.due + request_.timeout; }

  // Ends the request at `time` unless something else does, or another time is set.
  void Await(StreamConnection::Time time) {
    timer_.expires_at(time);
    timer_.async_wait([this](const error_code& why) {
      if (!why) TimeOut();
    });
  }

  void TimeOut() {
    // The last line is there, its end is not.
    if (record_.done) return Finish();
    if (!record_.sent) {
      return End(StreamEnd::kUnreachable,
                 NoAnswer(pool_.address(), request_.path, ErrorOf(connection_->obstacle())));
    }
    End(StreamEnd::kTimedOut, Failure{FailureKind::kTimeout,
                                      fmt::format("{}: not done after {}", request_.path,
                                                  FormatDuration(request_.timeout)),
                                      {},
                                      1});
  }

  void OnConnected() override {
    parser_.emplace([this](std::string_view body) {
      has_rest_ = has_rest_ || is_body_read_;
      if (!is_body_read_) is_body_read_ = !reader_.Feed(body, arrived_);
    });
    Await(Deadline());
    record_.sent = connection_->Send(HttpRequest(pool_.address(), request_));
  }

  void OnBytes(std::string_view bytes, const StampedRead& read) override {
    arrived_ = read.arrived;
    if (!record_.first_byte) record_.first_byte = arrived_;
    if (!read.is_stamped) ++record_.unstamped_reads;
    const std::size_t lines_before = Lines();
    const bool is_http = parser_->Feed(bytes);
    has_rest_ = has_rest_ || !is_http;
    const std::size_t lines = Lines() - lines_before;
    if (lines > 1) record_.merged_chunks += lines - 1;
    if (!is_http && !record_.done) {
      return End(StreamEnd::kBroken,
                 Failure{FailureKind::kNoMetrics, "the server's answer is not HTTP", {}, 1});
    }
    if (parser_->IsDone()) return Finish();
    // Nothing more is needed of an answer that is broken, an error, or goes on after its end.
    if (is_body_read_ && (!record_.done || has_rest_)) return Finish();
    if (is_body_read_) Await(std::min(Deadline(), steady_clock::now() + kEndTimeout));
  }

  void OnClosed(const std::string& error) override {
    if (record_.done) return Finish();
    if (parser_ && parser_->FeedEnd()) return Finish();
    const bool is_unanswered = !record_.first_byte;
    // The server closed an idle connection while the request was on its way.
    if (is_unanswered && record_.reused_connection) {
      record_.reused_connection = false;
      parser_.reset();
      connection_ = pool_.Open(*this);
      return;
    }
    const auto kind = record_.sent ? httplib::Error::Read : ErrorOf(connection_->obstacle());
    Failure failure = NoAnswer(pool_.address(), request_.path, kind);
    if (!error.empty()) failure.message += ": " + error;
    End(is_unanswered ? StreamEnd::kUnreachable : StreamEnd::kBroken, std::move(failure));
  }

  void Finish() {
    reader_.Finish(parser_->status());
    if (parser_->IsDone() && parser_->KeepsAlive() && !has_rest_)
      pool_.GiveBack(std::exchange(connection_, nullptr));
    Close();
  }

  void Close() {
    is_over_ = true;
    timer_.cancel();
    if (connection_) {
      connection_->SetListener(nullptr);
      std::exchange(connection_, nullptr)->Close();
    }
    record_.ended = steady_clock::now();
    on_end_(std::move(record_));
    on_over_();
  }

  [[nodiscard]] std::size_t Lines() const { return record_.chunks.size() + (record_.done ? 1 : 0); }

  ConnectionPool& pool_;
  StreamRequest request_;
  StreamClient::OnEnd on_end_;
  std::function<void()> on_over_;
  asio::steady_timer timer_;
  StreamRecord record_;
  StreamReader reader_;
  std::optional<HttpBody> parser_;
  std::shared_ptr<StreamConnection> connection_;
  StreamConnection::Time arrived_;
  bool is_body_read_ = false;
  bool has_rest_ = false;  ///< more came than belongs to the answer
  bool is_over_ = false;
};

}  // namespace

class StreamClient::Loop {
 public:
  explicit Loop(const ServerAddress& address)
      : work_(asio::make_work_guard(context_)),
        pool_(context_, address),
        thread_([this] { context_.run(); }) {}
  ~Loop() {
    asio::post(context_, [this] {
      is_ending_ = true;
      CancelAll();
      pool_.CloseIdle();
      work_.reset();
    });
    thread_.join();
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  std::uint64_t Send(StreamRequest request, OnEnd on_end) {
    const std::uint64_t id = next_id_++;
    if (!request.due) request.due = steady_clock::now();
    asio::post(context_,
               [this, id, request = std::move(request), on_end = std::move(on_end)]() mutable {
                 std::unique_ptr<Exchange>& begun = exchanges_[id];
                 begun = std::make_unique<Exchange>(pool_, std::move(request), std::move(on_end),
                                                    [this, id] { Forget(id); });
                 if (is_ending_) return begun->Cancel();
                 begun->Begin();
               });
    return id;
  }
  void Cancel(std::uint64_t id) {
    asio::post(context_, [this, id] {
      const auto found = exchanges_.find(id);
      if (found != exchanges_.end()) found->second->Cancel();
    });
  }
  std::chrono::nanoseconds CpuTime() {
    clockid_t clock{};
    timespec used{};
    if (pthread_getcpuclockid(thread_.native_handle(), &clock) != 0) return {};
    clock_gettime(clock, &used);
    return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
  }

 private:
  // On the loop's thread. An OnEnd may send again; what it sends is posted, and so not cancelled.
  void CancelAll() {
    std::vector<Exchange*> all;
    for (const auto& [id, exchange] : exchanges_) all.push_back(exchange.get());
    for (Exchange* const exchange : all) exchange->Cancel();
  }
  // Called from within the exchange, which is destroyed when it has returned.
  void Forget(std::uint64_t id) {
    auto node = exchanges_.extract(id);
    if (node.empty()) return;
    asio::post(context_, [over = std::shared_ptr<Exchange>(std::move(node.mapped()))] {});
  }

  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  ConnectionPool pool_;
  std::map<std::uint64_t, std::unique_ptr<Exchange>> exchanges_;
  bool is_ending_ = false;
  std::atomic<std::uint64_t> next_id_{1};
  std::thread thread_;  // last: it uses what is above
};

StreamClient::StreamClient(ServerAddress address, DebugLog log)
    : url_(address.Url()), log_(std::move(log)), loop_(std::make_unique<Loop>(address)) {}
StreamClient::~StreamClient() = default;

std::uint64_t StreamClient::Send(StreamRequest request, OnEnd on_end) {
  if (log_) on_end = Logged(request, std::move(on_end));
  return loop_->Send(std::move(request), std::move(on_end));
}

StreamClient::OnEnd StreamClient::Logged(const StreamRequest& request, OnEnd on_end) const {
  std::string what = fmt::format("POST {}{} ({} bytes)", url_, request.path, request.body.size());
  return [log = log_, what = std::move(what), on_end = std::move(on_end)](StreamRecord record) {
    const auto begun = record.sent.value_or(record.due);
    log(fmt::format(
        "{}: {}, {} lines after {}{}", what, KeyOf(record.end), record.chunks.size(),
        FormatDuration(record.ended - begun),
        record.failure ? fmt::format("; {}", StartOf(record.failure->message, 200)) : ""));
    on_end(std::move(record));
  };
}

void StreamClient::Cancel(std::uint64_t id) {
  loop_->Cancel(id);
}
std::chrono::nanoseconds StreamClient::CpuTime() const {
  return loop_->CpuTime();
}

}  // namespace ollama_bench
