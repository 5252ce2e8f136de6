#include "ollama_bench/ollama/client_proxy.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "ollama_bench/core/text.h"

namespace ollama_bench {
namespace {

constexpr std::array<const char*, 4> kVariables = {"HTTP_PROXY", "http_proxy", "HTTPS_PROXY",
                                                   "https_proxy"};

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// IPv4 addresses as IPv6 has them, so that both compare.
using Ip = std::array<std::uint8_t, 16>;

std::optional<Ip> ParseIp(const std::string& text) {
  Ip ip{};
  constexpr std::size_t kMappedPrefix = 12;
  if (inet_pton(AF_INET, text.c_str(), &ip[kMappedPrefix]) == 1) {
    ip[kMappedPrefix - 2] = ip[kMappedPrefix - 1] = 0xFF;
    return ip;
  }
  if (inet_pton(AF_INET6, text.c_str(), ip.data()) == 1) return ip;
  return std::nullopt;
}

std::optional<int> ParseCount(std::string_view text) {
  int number = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  return parsed.ec == std::errc() && parsed.ptr == end ? std::optional(number) : std::nullopt;
}

// "10.0.0.0/8", "fd00::/8".
bool IsInBlock(const Ip& ip, const std::string& block) {
  const auto slash = block.find('/');
  if (slash == std::string::npos) return false;
  const std::string base = block.substr(0, slash);
  const auto first = ParseIp(base);
  const auto length = ParseCount(std::string_view(block).substr(slash + 1));
  if (!first || !length || *length < 0) return false;
  const int bits = *length + (base.find(':') == std::string::npos ? 96 : 0);
  if (bits > 128) return false;
  for (int bit = 0; bit < bits; ++bit) {
    const auto byte = static_cast<std::size_t>(bit / 8);
    const auto mask = static_cast<std::uint8_t>(0x80U >> static_cast<unsigned>(bit % 8));
    if ((ip.at(byte) & mask) != (first->at(byte) & mask)) return false;
  }
  return true;
}

struct NameAndPort {
  std::string name;
  std::string port;  // empty: any
};

NameAndPort SplitEntry(const std::string& entry) {
  const auto colon = entry.rfind(':');
  if (colon == std::string::npos) return {entry, {}};
  const std::string name = entry.substr(0, colon);
  if (name.starts_with('[') && name.ends_with(']')) {
    return {name.substr(1, name.size() - 2), entry.substr(colon + 1)};
  }
  if (name.find(':') != std::string::npos) return {entry, {}};  // an IPv6 address without a port
  return {name, entry.substr(colon + 1)};
}

// "example.com" covers itself and what is below it, ".example.com" and "*.example.com" only that.
bool CoversName(std::string entry, const std::string& host) {
  if (entry.starts_with("*.")) entry.erase(0, 1);
  if (entry.starts_with('.')) return host.ends_with(entry);
  return host == entry || host.ends_with("." + entry);
}

// One entry of NO_PROXY, in small letters and without blanks.
bool Covers(const std::string& entry, const ServerAddress& server) {
  if (entry == "*") return true;
  const auto ip = ParseIp(server.host);
  if (ip && IsInBlock(*ip, entry)) return true;
  const auto [name, port] = SplitEntry(entry);
  if (name.empty() || (!port.empty() && port != std::to_string(server.port))) return false;
  if (const auto listed = ParseIp(name)) return ip == listed;
  return !ip && CoversName(name, server.host);
}

bool IsExcepted(const ServerAddress& server) {
  if (server.IsLoopback()) return true;
  std::string list = Variable("NO_PROXY");
  if (list.empty()) list = Variable("no_proxy");
  for (std::string_view rest = list; !rest.empty();) {
    const auto end = std::min(rest.find(','), rest.size());
    const std::string entry = Lower(Trim(rest.substr(0, end)));
    if (!entry.empty() && Covers(entry, server)) return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

// Host and port of "http://user:password@proxy:3128/".
std::string PlaceOf(std::string_view proxy) {
  if (const auto scheme = proxy.find("://"); scheme != std::string_view::npos) {
    proxy.remove_prefix(scheme + 3);
  }
  // A password may hold a slash, where Go refuses it and a person does not mean it as a path.
  if (const auto at = proxy.rfind('@'); at != std::string_view::npos) proxy.remove_prefix(at + 1);
  return Printable(proxy.substr(0, proxy.find('/')), false);
}

}  // namespace

std::optional<ClientProxy> FindClientProxy(const ServerAddress& server) {
  const std::size_t first = server.scheme == "https" ? 2 : 0;
  for (const std::size_t i : {first, first + 1}) {
    const std::string value = Variable(kVariables.at(i));
    if (value.empty()) continue;
    if (IsExcepted(server)) return std::nullopt;
    return ClientProxy{kVariables.at(i), PlaceOf(value)};
  }
  return std::nullopt;
}

std::vector<std::pair<std::string, std::string>> ClientEnvironment(const ServerAddress& server) {
  std::vector<std::pair<std::string, std::string>> environment = {{"OLLAMA_HOST", server.Url()}};
  for (const char* name : kVariables) environment.emplace_back(name, "");
  return environment;
}

std::string DescribeProxy(const ClientProxy& proxy) {
  return fmt::format(
      "{} names a proxy ({}), which an `ollama` of yours takes to this server; ollama-bench, and "
      "the `ollama` that it starts, connect without it",
      proxy.variable, proxy.place);
}

}  // namespace ollama_bench
