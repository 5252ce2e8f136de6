#include "ollama_bench/ollama/server_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <vector>

#include "ollama_bench/core/text.h"

namespace ollama_bench {
namespace {

// Of a name in the DNS (RFC 1035). The HTTP library crashes on names of many thousand characters.
constexpr std::size_t kLongestHost = 253;
constexpr int kDefaultPort = 11434;

Unexpected<std::string> Wrong(std::string_view text, std::string_view why) {
  return Unexpected<std::string>(
      fmt::format("'{}' is no server address: {}; write HOST:PORT, for example 127.0.0.1:11434",
                  Printable(text.substr(0, kLongestHost), false), why));
}

bool IsWordCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == '_';
}

bool IsPathCharacter(char c) {
  return IsWordCharacter(c) || c == '/' || c == '~';
}

// "::1" of "0:0::1", "10.0.0.1" of "::ffff:10.0.0.1"; empty where the text is no IP address.
std::optional<std::string> CanonicalIp(const std::string& text) {
  std::array<char, INET6_ADDRSTRLEN> shown{};
  in_addr v4{};
  if (inet_pton(AF_INET, text.c_str(), &v4) == 1) return text;
  in6_addr v6{};
  if (inet_pton(AF_INET6, text.c_str(), &v6) != 1) return std::nullopt;
  constexpr std::size_t kMappedPrefix = 12;
  const bool is_mapped = IN6_IS_ADDR_V4MAPPED(&v6);
  const void* address = is_mapped ? &v6.s6_addr[kMappedPrefix] : static_cast<const void*>(&v6);
  inet_ntop(is_mapped ? AF_INET : AF_INET6, address, shown.data(), shown.size());
  return std::string(shown.data());
}

struct HostAndPort {
  std::string_view host;
  std::optional<std::string_view> port;
};

// As Go's net.SplitHostPort; what that refuses, an address without a port among it, is all host.
HostAndPort Split(std::string_view text) {
  const auto colon = text.rfind(':');
  std::string_view host = text.substr(0, colon);
  if (colon == std::string_view::npos) return {text, {}};
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return {text, {}};
  }
  return {host, text.substr(colon + 1)};
}

// "/a/b" of "a//./b/": without "", "." and "..", as the client joins it.
std::string CleanPath(std::string_view text) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const auto end = std::min(text.find('/'), text.size());
    const std::string_view part = text.substr(0, end);
    if (part == ".." && !parts.empty()) parts.pop_back();
    if (!part.empty() && part != "." && part != "..") parts.push_back(part);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  std::string path;
  for (const std::string_view part : parts) path.append("/").append(part);
  return path;
}

// Resolvers differ on such names: some read "127.1" and "2130706433" as addresses.
bool LooksLikeANumber(std::string_view host) {
  const std::string_view last = host.substr(host.rfind('.') + 1);
  return last.starts_with("0x") ||
         (!last.empty() && last.find_first_not_of("0123456789") == std::string_view::npos);
}

// Empty, or why the host is none.
std::string TakeHost(std::string_view given, bool has_port, ServerAddress& address) {
  std::string host = Lower(has_port ? given : Trim(given, "[]"));
  if (host.empty()) return given.empty() ? "" : "the host is missing";
  if (const auto ip = CanonicalIp(host)) {
    address.host = *ip == "0.0.0.0" ? "127.0.0.1" : *ip == "::" ? "::1" : *ip;
    return {};
  }
  host = Lower(given);
  if (host.find('%') != std::string::npos) return "an address with an IPv6 zone is not supported";
  if (!std::all_of(host.begin(), host.end(), IsWordCharacter)) {
    return "the host has a character that no host name has";
  }
  if (host.size() > kLongestHost) return "the host is longer than any name";
  if (LooksLikeANumber(host)) return "the host is a number, but no IP address";
  address.host = host;
  return {};
}

// Empty, or why the port is none.
std::string TakePort(std::string_view text, ServerAddress& address) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  if (is_number && port >= 1 && port <= 65535) {
    address.port = port;
    return {};
  }
  if (is_number && port == 0) return "nothing can be reached at port 0";
  return fmt::format(
      "the port is not a number from 1 to 65535 (the ollama client would try {} instead)",
      address.port);
}

}  // namespace

std::string ServerAddress::Origin() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return fmt::format("{}://{}:{}", scheme, is_ipv6 ? fmt::format("[{}]", host) : host, port);
}

std::string ServerAddress::Url() const {
  return Origin() + path;
}

bool ServerAddress::IsLoopback() const {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

Expected<ServerAddress, std::string> ParseServerAddress(std::string_view text) {
  if (text.find('@') != std::string_view::npos) {
    return Unexpected<std::string>(
        "the server's address holds a user name or a password (not shown here), which the ollama "
        "client cannot use either; write HOST:PORT, for example 127.0.0.1:11434, and reach a "
        "server behind a password through a tunnel or a proxy that adds it");
  }
  ServerAddress address;
  address.port = kDefaultPort;
  std::string_view rest = Trim(Trim(Trim(text, " \t\r\n\v\f"), "\"'"), " \t\r\n\v\f");
  if (const auto scheme_end = rest.find("://"); scheme_end != std::string_view::npos) {
    const std::string_view scheme = rest.substr(0, scheme_end);
    address.scheme = Lower(scheme);
    if (address.scheme != "http" && address.scheme != "https") {
      return Wrong(text, "the scheme is neither http nor https");
    }
    // The client knows these ports by the scheme's usual spelling only.
    if (scheme == "http") address.port = 80;
    if (scheme == "https") address.port = 443;
    rest.remove_prefix(scheme_end + 3);
  }
  const auto slash = rest.find('/');
  const auto [host, port] = Split(rest.substr(0, slash));
  if (std::string why = TakeHost(host, port.has_value(), address); !why.empty()) {
    return Wrong(text, why);
  }
  if (port) {
    if (std::string why = TakePort(*port, address); !why.empty()) return Wrong(text, why);
  }
  if (slash != std::string_view::npos) {
    const std::string_view path = rest.substr(slash);
    if (!std::all_of(path.begin(), path.end(), IsPathCharacter)) {
      return Wrong(text, "the path has another character than letters, digits and -._~/");
    }
    address.path = CleanPath(path);
  }
  return address;
}

}  // namespace ollama_bench
