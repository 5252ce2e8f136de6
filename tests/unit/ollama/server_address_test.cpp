#include "ollama_bench/ollama/server_address.h"

#include <gtest/gtest.h>

namespace ollama_bench {
namespace {

std::string UrlOf(std::string_view text) {
  const auto address = ParseServerAddress(text);
  return address ? address->Url() : "refused";
}

TEST(ServerAddressTest, FillsInWhatOllamaHostMayLeaveOut) {
  EXPECT_EQ(UrlOf(""), "http://127.0.0.1:11434");
  EXPECT_EQ(UrlOf("example.com"), "http://example.com:11434");
  EXPECT_EQ(UrlOf(":5000"), "http://127.0.0.1:5000");
  EXPECT_EQ(UrlOf("example.com:5000/path"), "http://example.com:5000/path");
  EXPECT_EQ(UrlOf("http://example.com"), "http://example.com:80");
  EXPECT_EQ(UrlOf("https://example.com"), "https://example.com:443");
  EXPECT_EQ(UrlOf("\"10.0.0.1:8080\" "), "http://10.0.0.1:8080");
}

TEST(ServerAddressTest, AListeningAddressMeansLoopback) {
  EXPECT_EQ(UrlOf("0.0.0.0"), "http://127.0.0.1:11434");
  EXPECT_EQ(UrlOf("[::]:5000"), "http://[::1]:5000");
  EXPECT_TRUE(ParseServerAddress("0.0.0.0")->IsLoopback());
  EXPECT_FALSE(ParseServerAddress("10.0.0.1")->IsLoopback());
}

TEST(ServerAddressTest, KeepsBracketsOfIpv6) {
  EXPECT_EQ(UrlOf("[::1]:5000"), "http://[::1]:5000");
  EXPECT_EQ(UrlOf("::1"), "http://[::1]:11434");
}

TEST(ServerAddressTest, TakesSchemesBlanksAndQuotesAsTheClientDoes) {
  EXPECT_EQ(UrlOf("HTTP://Example.com"), "http://example.com:11434") << "not port 80";
  EXPECT_EQ(UrlOf("HTTPS://example.com"), "https://example.com:11434");
  EXPECT_EQ(UrlOf(" \"'example.com' \""), "refused") << "quotes inside blanks inside quotes";
  EXPECT_EQ(UrlOf("\" example.com \""), "http://example.com:11434");
  EXPECT_EQ(UrlOf("example.com/"), "http://example.com:11434");
  EXPECT_EQ(UrlOf("example.com:080"), "http://example.com:80");
  EXPECT_EQ(UrlOf("[0:0::1]"), "http://[::1]:11434");
  EXPECT_EQ(UrlOf("::ffff:10.0.0.1"), "http://10.0.0.1:11434");
  EXPECT_EQ(UrlOf("[::1"), "http://[::1]:11434");
  EXPECT_EQ(UrlOf("http://"), "http://127.0.0.1:80");
}

TEST(ServerAddressTest, APathPrecedesThoseOfTheRequests) {
  EXPECT_EQ(UrlOf("http://a:1/gpu2"), "http://a:1/gpu2");
  EXPECT_EQ(UrlOf("http://a:1//gpu2/./x/../y/"), "http://a:1/gpu2/y");
  EXPECT_EQ(UrlOf("http://a:1/.."), "http://a:1");
  EXPECT_EQ(ParseServerAddress("a:1/gpu2")->Origin(), "http://a:1");
  EXPECT_EQ(UrlOf("http://a:1/x?y"), "refused");
}

TEST(ServerAddressTest, NeverRepeatsAPassword) {
  for (const char* text : {"me:secret@x:5", "http://me:secret@x/path", "HTTPS://secret@x"}) {
    const auto address = ParseServerAddress(text);
    ASSERT_FALSE(address) << text;
    EXPECT_EQ(address.error().find("secret"), std::string::npos) << address.error();
  }
}

TEST(ServerAddressTest, RefusesWhatIsNoAddress) {
  for (const char* text :
       {"ftp://x", "://x", "x:port", "x:", "x:0", "x:70000", "x:+80", "x:-1", "a b", "x\x1b[2J",
        "a:b:c", "127.1", "2130706433", "0x7f.1", "fe80::1%eth0", "x?y"}) {
    EXPECT_EQ(UrlOf(text), "refused") << text;
  }
}

TEST(ServerAddressTest, RefusesAHostThatIsLongerThanAnyName) {
  EXPECT_EQ(UrlOf(std::string(253, 'x')), "http://" + std::string(253, 'x') + ":11434");
  const auto address = ParseServerAddress(std::string(100'000, 'x'));
  ASSERT_FALSE(address);
  EXPECT_LT(address.error().size(), 1'000U) << "and does not repeat all of it";
}

TEST(ServerAddressTest, ItsUrlReadsBackAsItself) {
  for (const char* text : {"", "[::1]:5", "https://a.b", "x:1", "0.0.0.0:9", "HTTP://x/y/z"}) {
    const auto address = ParseServerAddress(text);
    ASSERT_TRUE(address);
    EXPECT_EQ(ParseServerAddress(address->Url()), *address) << text;
  }
}

}  // namespace
}  // namespace ollama_bench
