#include "ollama_bench/ollama/ollama_api.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <csignal>
#include <set>
#include <thread>

#include "ollama_bench/core/text.h"
#include "ollama_bench/core/unique_fd.h"
#include "ollama_bench/ollama/server_check.h"
#include "support/raw_server.h"
#include "support/sanitizers.h"

namespace ollama_bench {
namespace {

// Lives as long as the program, as its thread does.
RawServer& Server() {
  static auto* const server = new RawServer;
  return *server;
}

OllamaApi Api(const StopRequest& stop) {
  return OllamaApi(ParseServerAddress("127.0.0.1:" + std::to_string(Server().port())).value(),
                   stop);
}

OllamaApi Api() {
  static const StopRequest never;
  return Api(never);
}

std::string Whole(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

long PeakMemoryKiB() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

TEST(OllamaApiTest, RefusesAnAnswerWithoutEndInBoundedMemory) {
  const long before = PeakMemoryKiB();
  for (const char* header :
       {"HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: "}) {
    Server().Answer(header);
    Server().RepeatForEver(std::string(1 << 16, ' '));
    const auto models = Api().Models();
    ASSERT_FALSE(models) << header;
    EXPECT_EQ(models.error().kind, FailureKind::kServerUnavailable) << models.error().message;
  }
  EXPECT_TRUE(kSanitized || PeakMemoryKiB() - before < 128 * 1024);
}

TEST(OllamaApiTest, TurnsWhateverComesIntoAFailureThatCanBeShown) {
  for (const std::string& answer :
       {std::string(), std::string("\0\xff\x1b[2J", 6), std::string("HTTP/1.1 200 OK\r\n"),
        std::string("HTTP/9.9 999 \x1b]0;x\x07\r\n\r\n"), Whole("\x1b[2J not JSON \xff"),
        Whole("[1, 2]"), Whole("{\"models\":"), Whole(std::string(100'000, '[')),
        Whole("{\"models\": 5")}) {
    Server().Answer(answer);
    const auto models = Api().Models();
    ASSERT_FALSE(models) << answer.substr(0, 40);
    EXPECT_FALSE(models.error().message.empty());
    EXPECT_EQ(Printable(models.error().message, false), models.error().message);
    EXPECT_EQ(Printable(models.error().output_tail), models.error().output_tail);
  }
}

TEST(OllamaApiTest, TakesWhatIsThereOfAnAnswerWithWrongTypes) {
  Server().Answer(Whole(R"({"models": [5, {"name": 7}, {"name": "a:latest", "digest": null}, )"
                        R"({"name": "\u001b[2J", "size": "x", "size_vram": 1e400}]})"));
  EXPECT_FALSE(Api().Models()) << "1e400 is no number";
  Server().Answer(Whole(R"({"models": [5, {"name": 7}, {"name": "a:latest", "digest": null}, )"
                        R"({"name": "\u001b[2J", "size": "x"}]})"));
  const auto models = Api().Models();
  ASSERT_TRUE(models) << models.error().message;
  ASSERT_EQ(models->size(), 3U);
  EXPECT_EQ((*models)[1].name, "a:latest");
  EXPECT_EQ((*models)[2].name.find('\x1b'), std::string::npos);
}

TEST(OllamaApiTest, AnswersAreStillReadAfterAStopRequest) {
  Server().Answer(Whole(R"({"version": "0.11.4"})"));
  StopRequest stop;
  stop.Request(SIGINT);
  OllamaApi api = Api(stop);
  EXPECT_EQ(api.Version(), "0.11.4");
  EXPECT_EQ(api.Version(), "0.11.4");
}

/// Takes connections, and never reads nor writes.
class SilentServer {
 public:
  SilentServer() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    EXPECT_EQ(bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), length), 0);
    EXPECT_EQ(listen(socket_.get(), 16), 0);
    getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
  }
  [[nodiscard]] int port() const { return port_; }
  /// How many came since the last call.
  [[nodiscard]] int Connections() const {
    int count = 0;
    while (UniqueFd(accept(socket_.get(), nullptr, nullptr)).valid()) ++count;
    return count;
  }

 private:
  UniqueFd socket_{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  int port_ = 0;
};

TEST(OllamaApiTest, AfterAStopRequestAServerThatDoesNotAnswerIsAskedOnceOnly) {
  const SilentServer server;
  StopRequest stop;
  OllamaApi api({"http", "127.0.0.1", server.port()}, stop);
  std::thread interrupt([&stop] { stop.Request(SIGINT); });
  const auto version = api.Version();
  interrupt.join();
  ASSERT_FALSE(version);
  EXPECT_EQ(version.error().kind, FailureKind::kInterrupted) << version.error().message;
  EXPECT_EQ(server.Connections(), 1);
  const auto models = api.Models();
  ASSERT_FALSE(models);
  EXPECT_EQ(models.error().kind, FailureKind::kInterrupted) << models.error().message;
  EXPECT_FALSE(api.Remove("m"));
  EXPECT_EQ(server.Connections(), 0);
}

std::string WithStatus(int status, const std::string& body) {
  return "HTTP/1.1 " + std::to_string(status) +
         " X\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

TEST(OllamaApiTest, EveryStatusOfAProxyHasItsOwnMeaningAndRemedy) {
  using enum FailureKind;
  std::set<std::string> messages;
  const std::pair<int, FailureKind> statuses[] = {{301, kRefused},
                                                  {401, kRefused},
                                                  {403, kRefused},
                                                  {404, kServerUnavailable},
                                                  {413, kPromptTooLong},
                                                  {429, kServerBusy},
                                                  {502, kServerUnavailable},
                                                  {503, kServerUnavailable},
                                                  {504, kServerUnavailable},
                                                  {500, kUnknown},
                                                  {526, kRefused}};
  for (const auto& [status, kind] : statuses) {
    Server().Answer(WithStatus(status, "<html><title>Proxy</title></html>"));
    const auto models = Api().Models();
    ASSERT_FALSE(models) << status;
    EXPECT_EQ(models.error().kind, kind) << status << ": " << models.error().message;
    EXPECT_NE(models.error().message.find(std::to_string(status)), std::string::npos);
    EXPECT_NE(models.error().output_tail.find("Proxy"), std::string::npos) << status;
    EXPECT_TRUE(messages.insert(models.error().message).second) << models.error().message;
  }
}

TEST(OllamaApiTest, AnAnswerWithoutABodyHasOneRemedyToo) {
  for (const char* body : {"", "<html>Bad Gateway</html>"}) {
    Server().Answer(WithStatus(502, body));
    OllamaApi api = Api();
    const auto version = ReachServer(api);
    ASSERT_FALSE(version);
    EXPECT_FALSE(IsSilent(version.error()));
    EXPECT_EQ(version.error().message.find("ollama serve"), std::string::npos)
        << version.error().message;
  }
}

TEST(OllamaApiTest, AServerThatSaysItsRunnerIsLostIsThereItself) {
  Server().Answer(WithStatus(
      500, R"({"error":"read tcp 127.0.0.1:1->127.0.0.1:2: connection reset by peer"})"));
  EXPECT_EQ(Api().Models().error().kind, FailureKind::kRunnerCrash);
  Server().Answer(WithStatus(503, R"({"error":"server busy, please try again.  maximum pending )"
                                  R"(requests exceeded"})"));
  EXPECT_EQ(Api().Models().error().kind, FailureKind::kServerBusy);
  Server().Answer(WithStatus(404, R"({"error":"model 'x' not found"})"));
  EXPECT_EQ(Api().Models().error().kind, FailureKind::kModelMissing);
}

TEST(OllamaApiTest, HttpSentToAPortOfHttpsSaysHowToNameIt) {
  Server().Answer(WithStatus(400, "Client sent an HTTP request to an HTTPS server.\n"));
  const Failure failure = Api().Models().error();
  EXPECT_EQ(failure.kind, FailureKind::kRefused);
  EXPECT_NE(failure.message.find("https://"), std::string::npos) << failure.message;
}

TEST(OllamaApiTest, HttpsSentToAPortOfHttpSaysHowToNameIt) {
  Server().Answer(WithStatus(200, "{}"));
  const StopRequest never;
  OllamaApi api(ParseServerAddress("https://127.0.0.1:" + std::to_string(Server().port())).value(),
                never);
  const Failure failure = api.Models().error();
  EXPECT_EQ(failure.kind, FailureKind::kServerUnavailable);
  EXPECT_NE(failure.message.find("http://"), std::string::npos) << failure.message;
}

TEST(OllamaApiTest, SaysWhetherAModelReadsPictures) {
  Server().Answer(Whole(R"({"capabilities":["completion","vision"]})"));
  EXPECT_TRUE(Api().Show("x").value().has_vision);
  Server().Answer(Whole(R"({"capabilities":["completion"]})"));
  EXPECT_FALSE(Api().Show("x").value().has_vision);
  Server().Answer(Whole(R"({"capabilities":"vision"})"));
  EXPECT_FALSE(Api().Show("x").value().has_vision);
}

}  // namespace
}  // namespace ollama_bench
