#include "ollama_bench/ollama/server_address.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "ollama_bench/core/text.h"

namespace ollama_bench {
namespace {

// Of a name in the DNS (RFC 1035). The HTTP library crashes on names of many thousand characters.
constexpr std::size_t kLongestHost = 253;

Unexpected<std::string> Wrong(std::string_view text, std::string_view why) {
  return Unexpected<std::string>(
      fmt::format("'{}' is no server address: {}; write HOST:PORT, for example 127.0.0.1:11434",
                  Printable(text.substr(0, kLongestHost), false), why));
}

bool IsHostCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == '_' || c == ':' || c == '%';
}

struct HostAndPort {
  std::string_view host;
  std::string_view port;
};

// "[::1]:80", "::1", "host:80", "host", ":80".
HostAndPort Split(std::string_view text) {
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return {text, {}};
    const std::string_view behind = text.substr(end + 1);
    return {text.substr(1, end - 1), behind.starts_with(':') ? behind.substr(1) : behind};
  }
  if (std::count(text.begin(), text.end(), ':') > 1) return {text, {}};
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return {text, {}};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

}  // namespace

std::string ServerAddress::Url() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return fmt::format("{}://{}:{}", scheme, is_ipv6 ? fmt::format("[{}]", host) : host, port);
}

bool ServerAddress::IsLoopback() const {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

Expected<ServerAddress, std::string> ParseServerAddress(std::string_view text) {
  ServerAddress address;
  std::string_view rest = Trim(text, " \t\r\n\"'");
  if (rest.empty()) return address;
  if (const auto scheme_end = rest.find("://"); scheme_end != std::string_view::npos) {
    address.scheme = rest.substr(0, scheme_end);
    if (address.scheme != "http" && address.scheme != "https") {
      return Wrong(text, "the scheme is neither http nor https");
    }
    address.port = address.scheme == "https" ? 443 : 80;
    rest.remove_prefix(scheme_end + 3);
  }
  rest = rest.substr(0, rest.find('/'));
  const auto [host, port] = Split(rest);
  if (!std::all_of(host.begin(), host.end(), IsHostCharacter)) {
    return Wrong(text, "the host has a character that no host name has");
  }
  if (host.size() > kLongestHost) return Wrong(text, "the host is longer than any name");
  if (!host.empty()) address.host = host;
  if (host == "0.0.0.0") address.host = "127.0.0.1";
  if (host == "::") address.host = "::1";
  if (!port.empty()) {
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
    if (error != std::errc() || end != port.data() + port.size() || address.port < 1 ||
        address.port > 65535) {
      return Wrong(text, "the port is not a number from 1 to 65535");
    }
  }
  return address;
}

}  // namespace ollama_bench
