// Our reading of server addresses and proxies against the real client's: where each connects.
#include "ollama_bench/ollama/server_address.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "ollama_bench/core/text.h"
#include "ollama_bench/ollama/client_proxy.h"
#include "real_run.h"

namespace ollama_bench::testing {
namespace {

/// A server, and a proxy, on every loopback address: remembers the first line of each request and
/// answers that there is nothing.
class Listener {
 public:
  Listener() : socket_(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    const int off = 0;
    setsockopt(socket_, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    socklen_t size = sizeof address;
    if (bind(socket_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        listen(socket_, 16) != 0 ||
        getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw std::runtime_error("cannot listen");
    }
    port_ = ntohs(address.sin6_port);
    thread_ = std::thread([this] { Serve(); });
  }
  ~Listener() {
    shutdown(socket_, SHUT_RDWR);
    thread_.join();
    close(socket_);
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  [[nodiscard]] std::string port() const { return std::to_string(port_); }
  /// The first line since the last call; empty where nobody came.
  std::string TakeFirst() {
    const std::lock_guard lock(mutex_);
    return std::exchange(first_, {});
  }

 private:
  void Serve() {
    for (int client = 0; (client = accept(socket_, nullptr, nullptr)) >= 0; close(client)) {
      std::string request;
      char byte = 0;
      while (request.find("\r\n\r\n") == std::string::npos && read(client, &byte, 1) == 1) {
        request += byte;
      }
      {
        const std::lock_guard lock(mutex_);
        if (first_.empty()) first_ = request.substr(0, request.find("\r\n"));
      }
      constexpr std::string_view kAnswer =
          "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
      [[maybe_unused]] const auto sent = send(client, kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL);
    }
  }

  int socket_;
  int port_ = 0;
  std::mutex mutex_;
  std::string first_;
  std::thread thread_;
};

class RealAddressTest : public RealRunTest {
 protected:
  using Variables = std::vector<std::pair<std::string, std::string>>;

  // What the client asked first, or nothing where it did not reach the listener.
  std::string Ask(const std::string& address, Variables more) {
    Program program{
        {server_.ollama().string(), "list"}, server_.Environment(), "", server_.folder().string()};
    for (auto& [name, value] : program.environment) {
      if (name == "OLLAMA_HOST") value = address;
    }
    for (const char* name : kProxies) program.environment.emplace_back(name, "");
    for (auto& variable : more) {
      std::erase_if(program.environment,
                    [&](const auto& known) { return known.first == variable.first; });
      program.environment.push_back(variable);
    }
    (void)RunProgram(program);
    return listener_.TakeFirst();
  }
  [[nodiscard]] std::string Proxy() const { return "http://127.0.0.1:" + listener_.port(); }

  static constexpr std::array kProxies = {"HTTP_PROXY",  "http_proxy", "HTTPS_PROXY",
                                          "https_proxy", "NO_PROXY",   "no_proxy"};
  Listener listener_;
};

TEST_F(RealAddressTest, EachAddressLeadsWhereTheClientGoes) {
  const std::string p = listener_.port();
  const std::vector<std::string> addresses = {
      "127.0.0.1:" + p, "http://127.0.0.1:" + p, "HTTP://127.0.0.1:" + p, "localhost:" + p,
      "LocalHost:" + p, ":" + p, "0.0.0.0:" + p, "[::]:" + p, "[::1]:" + p, "http://[::1]:" + p,
      "127.0.0.2:" + p, "[::ffff:127.0.0.1]:" + p, "[0:0::1]:" + p, " 127.0.0.1:" + p + " ",
      "\"127.0.0.1:" + p + "\"", "' 127.0.0.1:" + p + " '", "\t\"'127.0.0.1:" + p + "'\"\n",
      "127.0.0.1:" + p + "/", "127.0.0.1:" + p + "/gpu2", "http://127.0.0.1:" + p + "/gpu2/",
      "http://127.0.0.1:" + p + "//a//./b/../c/", "http://127.0.0.1:" + p + "/..",
      "127.0.0.1:0" + p, "http://:" + p,
      // Through the listener as a proxy, which shows the whole address.
      "example.com", "http://example.com", "https://example.com", "HTTP://example.com",
      "HTTPS://example.com", "Https://example.com:8443", "EXAMPLE.com:5000", "example.com:5000/x/y",
      "http://example.com/", "https://example.com/gpu2", "10.1.2.3", "http://10.1.2.3", "[fd00::1]",
      "fd00::1", "[fd00::1", "fd00:0::1]", "[fd00::1]:5000", "::ffff:10.1.2.3", "ex_ample.com",
      "example.com.", "http://example.com:080"};
  const std::vector<std::string> refused = {
      "user:secret@127.0.0.1:" + p, "user@127.0.0.1:" + p, "http://user:secret@example.com",
      "ftp://127.0.0.1:" + p, "://127.0.0.1:" + p, "127.0.0.1:+" + p, "127.0.0.1:0", "127.1:" + p,
      "2130706433:" + p, "a b:" + p, "a:b:c", "[fe80::1%lo]:" + p,
      // Here the client takes another port, with a warning that nobody sees.
      "127.0.0.1:70000", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:-1"};
  for (const std::string& text : addresses) {
    SCOPED_TRACE(text);
    const auto address = ParseServerAddress(text);
    ASSERT_TRUE(address) << address.error();
    if (address->IsLoopback()) {
      EXPECT_EQ(std::to_string(address->port), p);
      EXPECT_EQ(Ask(text, {}), "HEAD " + address->path + "/ HTTP/1.1");
    } else if (address->scheme == "https") {
      const std::string place = address->Origin().substr(std::string("https://").size());
      EXPECT_EQ(Ask(text, {{"HTTPS_PROXY", Proxy()}}), "CONNECT " + place + " HTTP/1.1");
    } else {
      // Port 080 is 80 to the one who connects.
      std::string asked = Ask(text, {{"HTTP_PROXY", Proxy()}});
      if (const auto zero = asked.find(":080/"); zero != asked.npos) asked.erase(zero + 1, 1);
      // The host's case is for the DNS, to which it is the same; a mapped address is IPv4.
      EXPECT_EQ(Lower(asked), Lower("HEAD " + address->Url() + "/ HTTP/1.1"));
    }
  }
  for (const std::string& text : refused) {
    const auto address = ParseServerAddress(text);
    ASSERT_FALSE(address) << text;
    EXPECT_EQ(address.error().find("secret"), std::string::npos) << address.error();
    EXPECT_EQ(Ask(text, {}), "") << "refused: " << address.error();
  }
}

TEST_F(RealAddressTest, AProxyIsTakenWhereTheClientTakesIt) {
  struct Circumstance {
    const char* address;
    const char* variable;
    const char* except;
  };
  const Circumstance circumstances[] = {{"example.com", "HTTP_PROXY", ""},
                                        {"example.com", "http_proxy", ""},
                                        {"example.com", "HTTPS_PROXY", ""},
                                        {"https://example.com", "HTTPS_PROXY", ""},
                                        {"https://example.com", "https_proxy", ""},
                                        {"https://example.com", "HTTP_PROXY", ""},
                                        {"127.0.0.1:1", "HTTP_PROXY", ""},
                                        {"127.9.9.9:1", "HTTP_PROXY", ""},
                                        {"localhost:1", "HTTP_PROXY", ""},
                                        {"[::1]:1", "HTTP_PROXY", ""},
                                        {"example.com", "HTTP_PROXY", "*"},
                                        {"example.com", "HTTP_PROXY", "example.com"},
                                        {"a.example.com", "HTTP_PROXY", "example.com"},
                                        {"aexample.com", "HTTP_PROXY", "example.com"},
                                        {"example.com", "HTTP_PROXY", ".example.com"},
                                        {"a.example.com", "HTTP_PROXY", "x, .Example.com ,y"},
                                        {"a.example.com", "HTTP_PROXY", "*.example.com"},
                                        {"example.com", "HTTP_PROXY", "example.com:11434"},
                                        {"example.com", "HTTP_PROXY", "example.com:80"},
                                        {"192.0.2.3:9", "HTTP_PROXY", "192.0.2.0/24"},
                                        {"192.0.2.3:9", "HTTP_PROXY", "192.0.3.0/24"},
                                        {"192.0.2.3:9", "HTTP_PROXY", "192.0.2.3:9"},
                                        {"192.0.2.3:9", "HTTP_PROXY", "192.0.2.3:8"},
                                        {"[fd00::1]:9", "HTTP_PROXY", "fd00::/8"},
                                        {"[fd00::1]:9", "HTTP_PROXY", "[fd00::1]:9"},
                                        {"[fd00::1]:9", "HTTP_PROXY", "fd00::1"}};
  for (const auto& [text, variable, except] : circumstances) {
    SCOPED_TRACE(std::string(text) + " " + variable + " NO_PROXY=" + except);
    for (const char* name : kProxies) unsetenv(name);
    setenv(variable, Proxy().c_str(), 1);
    setenv("NO_PROXY", except, 1);
    const auto proxy = FindClientProxy(ParseServerAddress(text).value());
    for (const char* name : kProxies) unsetenv(name);
    const std::string asked = Ask(text, {{variable, Proxy()}, {"NO_PROXY", except}});
    EXPECT_EQ(proxy.has_value(), !asked.empty()) << asked;
    EXPECT_TRUE(!proxy || proxy->variable == variable);
  }
}

}  // namespace
}  // namespace ollama_bench::testing
