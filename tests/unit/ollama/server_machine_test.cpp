#include "ollama_bench/ollama/server_machine.h"

#include <gtest/gtest.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <unistd.h>

#include <array>
#include <string>

namespace ollama_bench {
namespace {

std::string MachineOfText(const std::string& text) {
  return MachineOf(ParseServerAddress(text).value());
}

// Every address of every interface, as a user could write it.
std::vector<std::string> OwnNumbers() {
  std::vector<std::string> numbers;
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return numbers;
  for (const ifaddrs* each = list; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr) continue;
    const bool is_v4 = each->ifa_addr->sa_family == AF_INET;
    if (!is_v4 && each->ifa_addr->sa_family != AF_INET6) continue;
    std::array<char, NI_MAXHOST> text{};
    const socklen_t size = is_v4 ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    if (getnameinfo(each->ifa_addr, size, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) ==
        0) {
      // One with a zone is refused as an address.
      if (std::string_view(text.data()).find('%') == std::string_view::npos) {
        numbers.emplace_back(text.data());
      }
    }
  }
  freeifaddrs(list);
  return numbers;
}

TEST(ServerMachineTest, EveryNameOfThisMachineIsTheSame) {
  for (const char* text : {"localhost", "LOCALHOST", "127.0.0.1", "127.5.6.7", "[::1]", "0.0.0.0",
                           "[::]", "::ffff:127.0.0.1", "http://localhost:11434/"}) {
    EXPECT_EQ(MachineOfText(text), "localhost") << text;
  }
  for (const std::string& number : OwnNumbers()) {
    const bool is_v6 = number.find(':') != std::string::npos;
    EXPECT_EQ(MachineOfText(is_v6 ? "[" + number + "]" : number), "localhost") << number;
  }
}

TEST(ServerMachineTest, TheHostNameOfThisMachineIsItToo) {
  std::array<char, 256> name{};
  ASSERT_EQ(gethostname(name.data(), name.size() - 1), 0);
  addrinfo* found = nullptr;
  if (getaddrinfo(name.data(), nullptr, nullptr, &found) != 0) {
    GTEST_SKIP() << name.data() << " has no address here";
  }
  freeaddrinfo(found);
  EXPECT_EQ(MachineOfText(name.data()), "localhost");
}

TEST(ServerMachineTest, TwoSpellingsOfAnotherMachinesAddressAreOne) {
  EXPECT_EQ(MachineOfText("192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(MachineOfText("[::ffff:192.0.2.7]"), "192.0.2.7");
  EXPECT_EQ(MachineOfText("[2001:db8:0:0::7]"), MachineOfText("[2001:DB8::7]"));
  EXPECT_NE(MachineOfText("192.0.2.7"), MachineOfText("192.0.2.8"));
}

TEST(ServerMachineTest, ANameWithoutAnAddressStandsForItself) {
  EXPECT_EQ(MachineOfText("No-Such-Host.invalid"), "no-such-host.invalid");
}

}  // namespace
}  // namespace ollama_bench
