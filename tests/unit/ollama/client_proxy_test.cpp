#include "ollama_bench/ollama/client_proxy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

namespace ollama_bench {
namespace {

class ClientProxyTest : public testing::Test {
 protected:
  ClientProxyTest() { Clear(); }
  ~ClientProxyTest() override { Clear(); }

  static void Clear() {
    for (const char* name :
         {"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"}) {
      unsetenv(name);
    }
  }
  static std::string ProxyOf(std::string_view address) {
    const auto proxy = FindClientProxy(ParseServerAddress(address).value());
    return proxy ? proxy->variable + " " + proxy->place : "none";
  }
};

TEST_F(ClientProxyTest, IsThatOfTheScheme) {
  setenv("http_proxy", "http://a:1", 1);
  setenv("HTTPS_PROXY", "b:2", 1);
  EXPECT_EQ(ProxyOf("gpubox"), "http_proxy a:1");
  EXPECT_EQ(ProxyOf("https://gpubox"), "HTTPS_PROXY b:2");
  EXPECT_EQ(ProxyOf("127.0.0.1"), "none");
  EXPECT_EQ(ProxyOf("localhost"), "none");
}

TEST_F(ClientProxyTest, IsShownWithoutItsPassword) {
  setenv("HTTP_PROXY", "http://me:se/cr@et@proxy:3128/x", 1);
  EXPECT_EQ(ProxyOf("gpubox"), "HTTP_PROXY proxy:3128");
}

TEST_F(ClientProxyTest, IsNoneForWhatNoProxyCovers) {
  setenv("HTTP_PROXY", "a:1", 1);
  setenv("no_proxy", "10.0.0.0/8, .example.com,gpubox:11434", 1);
  EXPECT_EQ(ProxyOf("10.1.2.3"), "none");
  EXPECT_EQ(ProxyOf("11.1.2.3"), "HTTP_PROXY a:1");
  EXPECT_EQ(ProxyOf("x.example.com"), "none");
  EXPECT_EQ(ProxyOf("example.com"), "HTTP_PROXY a:1");
  EXPECT_EQ(ProxyOf("GPUBOX"), "none");
  EXPECT_EQ(ProxyOf("gpubox:5000"), "HTTP_PROXY a:1");
}

TEST_F(ClientProxyTest, AStartedClientGetsTheWholeAddressAndNoProxy) {
  const auto environment = ClientEnvironment(ParseServerAddress("HTTP://x/gpu2").value());
  EXPECT_EQ(environment.at(0),
            (std::pair<std::string, std::string>("OLLAMA_HOST", "http://x:11434/gpu2")));
  for (const char* name : {"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"}) {
    EXPECT_NE(std::find(environment.begin(), environment.end(),
                        std::pair<std::string, std::string>(name, "")),
              environment.end())
        << name;
  }
}

}  // namespace
}  // namespace ollama_bench
