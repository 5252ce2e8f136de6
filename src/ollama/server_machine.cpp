#include "ollama_bench/ollama/server_machine.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <memory>
#include <set>

#include "ollama_bench/core/text.h"

namespace ollama_bench {
namespace {

constexpr const char* kThisMachine = "localhost";

// "192.168.1.5", also where it comes as an address of IPv6.
std::string Numeric(const sockaddr* address) {
  if (address == nullptr) return {};
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address->sa_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
    return inet_ntop(AF_INET, &v4->sin_addr, text.data(), text.size()) == nullptr ? ""
                                                                                  : text.data();
  }
  if (address->sa_family != AF_INET6) return {};
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address);
  if (inet_ntop(AF_INET6, &v6->sin6_addr, text.data(), text.size()) == nullptr) return {};
  const std::string number = text.data();
  constexpr std::string_view kMapped = "::ffff:";
  const bool is_mapped = number.starts_with(kMapped) && number.find('.') != std::string::npos;
  return is_mapped ? number.substr(kMapped.size()) : number;
}

std::set<std::string> AddressesOf(const std::string& host) {
  std::set<std::string> addresses;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &list) != 0) return addresses;
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(list, freeaddrinfo);
  for (const addrinfo* each = list; each != nullptr; each = each->ai_next) {
    addresses.insert(Numeric(each->ai_addr));
  }
  addresses.erase("");
  return addresses;
}

std::set<std::string> OwnAddresses() {
  std::set<std::string> addresses;
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return addresses;
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(list, freeifaddrs);
  for (const ifaddrs* each = list; each != nullptr; each = each->ifa_next) {
    addresses.insert(Numeric(each->ifa_addr));
  }
  addresses.erase("");
  return addresses;
}

bool IsLoopbackNumber(const std::string& number) {
  return number.starts_with("127.") || number == "::1" || number == "0.0.0.0" || number == "::";
}

}  // namespace

std::string MachineOf(const ServerAddress& address) {
  if (address.IsLoopback()) return kThisMachine;
  const std::set<std::string> numbers = AddressesOf(address.host);
  const std::set<std::string> own = OwnAddresses();
  const bool is_here = std::any_of(numbers.begin(), numbers.end(), [&own](const auto& number) {
    return IsLoopbackNumber(number) || own.contains(number);
  });
  if (is_here) return kThisMachine;
  return numbers.empty() ? Lower(address.host) : *numbers.begin();
}

}  // namespace ollama_bench
