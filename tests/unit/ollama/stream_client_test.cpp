#include "ollama_bench/ollama/stream_client.h"

#include <gtest/gtest.h>
#include <httplib.h>

#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "support/raw_server.h"
#include "support/test_data.h"

namespace ollama_bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// An HTTP server on loopback whose answers the test scripts.
template <class Server>
class ScriptedServer {
 public:
  template <class... Arguments>
  explicit ScriptedServer(Arguments&&... arguments) : server_(arguments...) {
    server_.new_task_queue = [] { return new httplib::ThreadPool(80); };
    server_.set_tcp_nodelay(true);
    port_ = server_.bind_to_any_port("127.0.0.1");
  }
  ~ScriptedServer() {
    server_.stop();
    if (thread_.joinable()) thread_.join();
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  Server& http() { return server_; }
  /// After the routes are set.
  void Start() {
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  [[nodiscard]] ServerAddress address(const std::string& scheme = "http") const {
    ServerAddress address;
    address.scheme = scheme;
    address.port = port_;
    return address;
  }

 private:
  Server server_;
  int port_ = 0;
  std::thread thread_;
};

/// Collects records until the wanted number is there.
class Records {
 public:
  StreamClient::OnEnd Taker() {
    return [this](StreamRecord record) {
      const std::lock_guard lock(mutex_);
      records_.push_back(std::move(record));
      changed_.notify_all();
    };
  }
  std::vector<StreamRecord> Await(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return records_.size() >= count; });
    return records_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<StreamRecord> records_;
};

StreamRequest Asking(std::string body = "{}") {
  StreamRequest request;
  request.body = std::move(body);
  request.keep_text = true;
  return request;
}

StreamRecord Only(const ServerAddress& address, StreamRequest request) {
  Records records;
  StreamClient client(address);
  client.Send(std::move(request), records.Taker());
  return records.Await(1).front();
}

std::string Line(const std::string& text) {
  return "{\"response\":\"" + text + "\",\"done\":false}\n";
}
const std::string kLastLine =
    "{\"response\":\"\",\"done\":true,\"done_reason\":\"stop\",\"eval_count\":4,"
    "\"eval_duration\":3000000,\"prompt_eval_count\":5,\"prompt_eval_duration\":1000}\n";

/// Streams the parts one after another, `pause` apart.
void Stream(httplib::Response& response, std::vector<std::string> parts,
            milliseconds pause = milliseconds(0)) {
  response.set_chunked_content_provider(
      "application/x-ndjson",
      [parts = std::move(parts), pause](std::size_t, httplib::DataSink& sink) {
        for (const std::string& part : parts) {
          if (!sink.write(part.data(), part.size())) return false;
          std::this_thread::sleep_for(pause);
        }
        sink.done();
        return true;
      });
}

/// Answers each request with the parts.
class StreamClientTest : public testing::Test {
 protected:
  void Serve(std::vector<std::string> parts, milliseconds pause = milliseconds(0)) {
    server_.http().Post("/api/generate", [=](const httplib::Request&, httplib::Response& response) {
      Stream(response, parts, pause);
    });
    server_.Start();
  }

  // For answers that end when the test does.
  std::mutex mutex_;
  std::condition_variable ending_;
  bool is_ending_ = false;
  ScriptedServer<httplib::Server> server_;
};

TEST_F(StreamClientTest, RecordsTextCountsAndTimesInTheirOrder) {
  Serve({Line("One"), Line(" two"), kLastLine}, milliseconds(2));
  const auto before = steady_clock::now();
  const StreamRecord record = Only(server_.address(), Asking());
  EXPECT_EQ(record.end, StreamEnd::kDone);
  EXPECT_FALSE(record.failure);
  EXPECT_EQ(record.text, "One two");
  EXPECT_EQ(record.done_reason, "stop");
  EXPECT_EQ(record.metrics.eval_count, 4);
  ASSERT_EQ(record.chunks.size(), 2U);
  const std::vector<steady_clock::time_point> times = {before,
                                                       record.due,
                                                       *record.sent,
                                                       *record.first_byte,
                                                       *record.first_text,
                                                       record.chunks[1].arrived,
                                                       *record.done,
                                                       record.ended};
  EXPECT_TRUE(std::is_sorted(times.begin(), times.end()));
}

TEST_F(StreamClientTest, CarriesManyRequestsAtOnceWithoutMixingThem) {
  server_.http().Post("/api/generate", [](const httplib::Request& request,
                                          httplib::Response& response) {
    Stream(response, {Line(request.body), Line("-" + request.body), kLastLine}, milliseconds(60));
  });
  server_.Start();
  constexpr std::size_t kRequests = 64;
  Records records;
  StreamClient client(server_.address());
  std::set<std::string> asked;
  const auto start = steady_clock::now();
  for (std::size_t i = 0; i < kRequests; ++i) {
    const std::string name = std::to_string(i);
    asked.insert(name + "-" + name);
    // The server's queue of connections to accept is short.
    StreamRequest request = Asking(name);
    request.due = start + milliseconds(2) * i;
    client.Send(std::move(request), records.Taker());
  }
  std::set<std::string> answered;
  for (const StreamRecord& record : records.Await(kRequests)) {
    EXPECT_EQ(record.end, StreamEnd::kDone);
    answered.insert(record.text);
  }
  EXPECT_EQ(answered, asked);
}

TEST_F(StreamClientTest, UsesAConnectionAgainAndOpensAnotherWhereTheServerClosedIt) {
  server_.http().set_keep_alive_max_count(2);
  Serve({kLastLine});
  Records records;
  StreamClient client(server_.address());
  for (std::size_t i = 1; i <= 5; ++i) {
    client.Send(Asking(), records.Taker());
    records.Await(i);
  }
  int reused = 0;
  for (const StreamRecord& record : records.Await(5)) {
    EXPECT_EQ(record.end, StreamEnd::kDone);
    reused += record.reused_connection ? 1 : 0;
  }
  EXPECT_EQ(reused, 2);
}

TEST_F(StreamClientTest, SendsNothingBeforeItIsDueAndCountsFromThen) {
  Serve({kLastLine});
  StreamRequest request = Asking();
  request.due = steady_clock::now() + milliseconds(30);
  const auto due = *request.due;
  const StreamRecord record = Only(server_.address(), std::move(request));
  EXPECT_EQ(record.due, due);
  EXPECT_GE(*record.sent, due);
}

TEST_F(StreamClientTest, AnErrorInMidStreamAMissingEndAndAStatusAreEndsOfTheirOwn) {
  const auto end_of = [&](const std::string& path) {
    StreamRequest request = Asking();
    request.path = path;
    return Only(server_.address(), std::move(request));
  };
  server_.http().Post("/error", [](const httplib::Request&, httplib::Response& response) {
    Stream(response, {Line("a"), "{\"error\":\"CUDA error: out of memory\"}\n"});
  });
  server_.http().Post("/short", [](const httplib::Request&, httplib::Response& response) {
    Stream(response, {Line("a"), Line("b")});
  });
  server_.http().Post("/full", [](const httplib::Request&, httplib::Response& response) {
    response.status = 503;
    response.set_content("{\"error\":\"server busy, please try again\"}", "application/json");
  });
  server_.Start();
  const StreamRecord error = end_of("/error");
  EXPECT_EQ(error.end, StreamEnd::kErrorLine);
  EXPECT_EQ(error.failure->kind, FailureKind::kOutOfMemory);
  EXPECT_EQ(error.text, "a");
  const StreamRecord unfinished = end_of("/short");
  EXPECT_EQ(unfinished.end, StreamEnd::kUnfinished);
  EXPECT_EQ(unfinished.text, "ab");
  const StreamRecord full = end_of("/full");
  EXPECT_EQ(full.end, StreamEnd::kRefused);
  EXPECT_EQ(full.failure->message, "server busy, please try again");
}

TEST_F(StreamClientTest, ADeadlineAndACancellationEndARequestThatTheServerDoesNotEnd) {
  server_.http().Post("/api/generate", [&](const httplib::Request&, httplib::Response& response) {
    response.set_chunked_content_provider("application/x-ndjson",
                                          [&](std::size_t, httplib::DataSink& sink) {
                                            const std::string line = Line("a");
                                            sink.write(line.data(), line.size());
                                            std::unique_lock lock(mutex_);
                                            ending_.wait(lock, [&] { return is_ending_; });
                                            return false;
                                          });
  });
  server_.Start();
  StreamRequest hurried = Asking();
  hurried.timeout = milliseconds(50);
  const StreamRecord late = Only(server_.address(), std::move(hurried));
  EXPECT_EQ(late.end, StreamEnd::kTimedOut);
  EXPECT_EQ(late.failure->kind, FailureKind::kTimeout);
  Records records;
  {
    StreamClient client(server_.address());
    client.Cancel(client.Send(Asking(), records.Taker()));
    EXPECT_EQ(records.Await(1)[0].end, StreamEnd::kCancelled);
    client.Send(Asking(), records.Taker());
    client.Send(Asking(), records.Taker());
  }
  const auto all = records.Await(3);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[1].end, StreamEnd::kCancelled);
  EXPECT_EQ(all[2].end, StreamEnd::kCancelled);
  const std::lock_guard lock(mutex_);
  is_ending_ = true;
  ending_.notify_all();
}

TEST(StreamClientAloneTest, NoServerIsUnreachableAndNoHttpIsBroken) {
  RawServer raw;
  ServerAddress address;
  address.port = raw.port();
  raw.Answer("SSH-2.0-OpenSSH_9.2\r\n");
  EXPECT_EQ(Only(address, Asking()).end, StreamEnd::kBroken);
  raw.Answer("");
  EXPECT_EQ(Only(address, Asking()).end, StreamEnd::kUnreachable);
  raw.Answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"res");
  EXPECT_EQ(Only(address, Asking()).end, StreamEnd::kBroken);
  raw.Answer("HTTP/1.0 200 OK\r\n\r\n" + Line("a") + kLastLine);
  EXPECT_EQ(Only(address, Asking()).end, StreamEnd::kDone);
  address.port = 1;  // of no service
  const StreamRecord none = Only(address, Asking());
  EXPECT_EQ(none.end, StreamEnd::kUnreachable);
  EXPECT_EQ(none.failure->kind, FailureKind::kServerUnavailable);
}

TEST(StreamClientAloneTest, ReadsAnEndlessAnswerNoFurtherThanItsLongestLine) {
  RawServer raw;
  ServerAddress address;
  address.port = raw.port();
  raw.Answer("HTTP/1.1 200 OK\r\n\r\n{\"response\":\"");
  raw.RepeatForEver(std::string(65536, 'x'));
  const StreamRecord record = Only(address, Asking());
  EXPECT_EQ(record.end, StreamEnd::kBroken);
  EXPECT_EQ(record.failure->kind, FailureKind::kNoMetrics);
}

TEST_F(StreamClientTest, AnAnswerThatDoesNotEndAfterItsLastLineIsDoneAllTheSame) {
  server_.http().Post("/api/generate", [&](const httplib::Request&, httplib::Response& response) {
    response.set_chunked_content_provider("application/x-ndjson",
                                          [&](std::size_t, httplib::DataSink& sink) {
                                            sink.write(kLastLine.data(), kLastLine.size());
                                            std::unique_lock lock(mutex_);
                                            ending_.wait(lock, [&] { return is_ending_; });
                                            return false;
                                          });
  });
  server_.Start();
  const StreamRecord record = Only(server_.address(), Asking());
  EXPECT_EQ(record.end, StreamEnd::kDone);
  EXPECT_EQ(record.metrics.eval_count, 4);
  const std::lock_guard lock(mutex_);
  is_ending_ = true;
  ending_.notify_all();
}

/// What a server sends before it closes the connection, and how the request ends.
struct OddAnswer {
  std::string name;
  std::string bytes;
  StreamEnd end;
};

std::string Chunk(const std::string& body) {
  std::ostringstream size;
  size << std::hex << body.size();
  return size.str() + "\r\n" + body + "\r\n";
}

std::vector<OddAnswer> OddAnswers() {
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string end = "0\r\n\r\n";
  const std::string last = Chunk(kLastLine);
  const std::string error = "{\"error\":\"out of memory\"}\n";
  using enum StreamEnd;
  return {
      {"a size that is no number", chunked + "zz\r\n" + kLastLine, kBroken},
      {"a size beyond all numbers", chunked + "fffffffffffffffffffff\r\n" + kLastLine, kBroken},
      {"a chunk longer than it says", chunked + "5\r\n" + kLastLine + "\r\n" + end, kBroken},
      {"no end of the encoding", chunked + Chunk(Line("a")), kBroken},
      {"no end after the last line", chunked + Chunk(Line("a")) + last, kDone},
      {"an end without a last line", chunked + Chunk(Line("a")) + end, kUnfinished},
      {"an end and nothing else", chunked + end, kUnfinished},
      {"a stated length without a body", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", kBroken},
      {"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nContent-Length: 8\r\n\r\n", kBroken},
      {"rubbish behind the answer", chunked + last + end + "GARBAGE", kDone},
      {"a second answer", chunked + last + end + chunked + last + end, kDone},
      {"lines behind the last one", chunked + last + last + Chunk("x\ny\n") + end, kDone},
      {"an error line and more", chunked + Chunk(error) + last + end, kErrorLine},
      {"an error line under a status",
       "HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n" + Chunk(error) + last + end,
       kRefused},
      {"a last line under a status",
       "HTTP/1.1 404 No\r\nContent-Length: " + std::to_string(kLastLine.size()) + "\r\n\r\n" +
           kLastLine,
       kRefused},
      {"a status alone", "HTTP/1.1 502 Bad Gateway\r\n\r\n", kRefused},
      {"an interim status", "HTTP/1.1 100 Continue\r\n\r\n" + chunked + last + end, kBroken},
      {"lines that are empty", chunked + Chunk("\n\r\n \n") + last + end, kDone},
      {"lines that are no JSON", chunked + Chunk("data: {}\n") + last + end, kBroken},
      {"a line that is a list", chunked + Chunk("[1]\n") + last + end, kBroken},
      {"nested too deep",
       chunked + Chunk("{\"a\":" + std::string(100'000, '[') + "\n") + last + end, kBroken},
      {"one header without an end", "HTTP/1.1 200 OK\r\nX: " + std::string(1'000'000, 'x'),
       kBroken},
      {"very many headers",
       "HTTP/1.1 200 OK\r\n" +
           [] {
             std::string headers;
             for (int i = 0; i < 50'000; ++i) headers += "X" + std::to_string(i) + ": y\r\n";
             return headers;
           }() +
           "\r\n" + kLastLine,
       kBroken},
      {"zeros", std::string(100, '\0'), kBroken},
  };
}

TEST(StreamClientAloneTest, OddAnswersEndAsWhatTheyAreAndSpoilNoLaterRequest) {
  RawServer raw;
  ServerAddress address;
  address.port = raw.port();
  for (const OddAnswer& odd : OddAnswers()) {
    raw.Answer(odd.bytes);
    Records records;
    StreamClient client(address);
    client.Send(Asking(), records.Taker());
    const StreamRecord record = records.Await(1)[0];
    EXPECT_EQ(record.end, odd.end) << odd.name;
    EXPECT_EQ(record.failure.has_value(), odd.end != StreamEnd::kDone) << odd.name;
    raw.Answer("HTTP/1.1 200 OK\r\n\r\n" + kLastLine);
    client.Send(Asking(), records.Taker());
    const StreamRecord next = records.Await(2)[1];
    EXPECT_EQ(next.end, StreamEnd::kDone) << "after " << odd.name;
    EXPECT_EQ(next.metrics.eval_count, 4) << "after " << odd.name;
  }
}

TEST(StreamClientAloneTest, ReadsAnAnswerOfEndlessLinesNoFurtherThanAModelCouldSay) {
  RawServer raw;
  ServerAddress address;
  address.port = raw.port();
  std::string lines;
  while (lines.size() < 60'000) lines += Line("a");
  raw.Answer("HTTP/1.1 200 OK\r\n\r\n");
  raw.RepeatForEver(lines);
  StreamRequest request = Asking();
  request.keep_text = false;
  const StreamRecord record = Only(address, request);
  EXPECT_EQ(record.end, StreamEnd::kBroken);
  EXPECT_EQ(record.chunks.size(), 1'000'000U);
  EXPECT_NE(record.failure->message.find("too many lines"), std::string::npos);
  raw.RepeatForEver(std::string(60'000, ' ') + "\n");
  EXPECT_EQ(Only(address, Asking()).end, StreamEnd::kBroken);
  // Behind the last line, or under a status, nothing is read for long.
  raw.Answer("HTTP/1.1 200 OK\r\n\r\n" + kLastLine);
  raw.RepeatForEver(lines);
  EXPECT_EQ(Only(address, Asking()).end, StreamEnd::kDone);
  raw.Answer("HTTP/1.1 500 No\r\n\r\n{\"error\":\"out of memory\"}\n");
  raw.RepeatForEver(lines);
  EXPECT_EQ(Only(address, Asking()).end, StreamEnd::kRefused);
}

TEST(StreamClientAloneTest, SpeaksHttpsAndRefusesACertificateThatNobodyVouchesFor) {
  const std::string folder = std::string(OLLAMA_BENCH_TEST_DATA) + "/tls/";
  ScriptedServer<httplib::SSLServer> server((folder + "cert.pem").c_str(),
                                            (folder + "key.pem").c_str());
  server.http().Post("/api/generate", [](const httplib::Request&, httplib::Response& response) {
    Stream(response, {Line("One"), kLastLine}, milliseconds(1));
  });
  server.Start();
  const StreamRecord untrusted = Only(server.address("https"), Asking());
  EXPECT_EQ(untrusted.end, StreamEnd::kUnreachable);
  EXPECT_EQ(untrusted.failure->kind, FailureKind::kRefused);
  EXPECT_NE(untrusted.failure->message.find("self-signed"), std::string::npos)
      << untrusted.failure->message;
  setenv("SSL_CERT_FILE", (folder + "cert.pem").c_str(), 1);
  const StreamRecord trusted = Only(server.address("https"), Asking());
  ServerAddress other = server.address("https");
  other.host = "127.0.0.2";
  const StreamRecord misnamed = Only(other, Asking());
  unsetenv("SSL_CERT_FILE");
  ScriptedServer<httplib::Server> plain;
  plain.Start();
  const StreamRecord no_tls = Only(plain.address("https"), Asking());
  EXPECT_EQ(no_tls.failure->kind, FailureKind::kServerUnavailable);
  EXPECT_NE(no_tls.failure->message.find("no TLS connection"), std::string::npos)
      << no_tls.failure->message;
  EXPECT_EQ(trusted.end, StreamEnd::kDone) << trusted.failure->message;
  EXPECT_EQ(trusted.text, "One");
  EXPECT_EQ(misnamed.end, StreamEnd::kUnreachable);
}

}  // namespace
}  // namespace ollama_bench
