#include "http_body.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ollama_bench {
namespace {

struct Reading {
  bool is_http = true;
  bool is_done = false;
  std::string body;
};

Reading Read(const std::vector<std::string>& pieces, bool is_closed) {
  Reading reading;
  HttpBody http([&](std::string_view part) { reading.body += part; });
  for (const std::string& piece : pieces) {
    if (!piece.empty()) reading.is_http = reading.is_http && http.Feed(piece);
  }
  if (is_closed && !http.IsDone()) http.FeedEnd();
  reading.is_done = http.IsDone();
  return reading;
}

TEST(HttpBodyTest, ReadsEachKindOfBodyHoweverItIsCut) {
  const std::string start = "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n";
  for (const auto& [answer, is_closed] : std::vector<std::pair<std::string, bool>>{
           {start + "Content-Length: 12\r\n\r\n{\"done\":tru}", false},
           {start + "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"don\r\n7\r\ne\":tru}\r\n0\r\n\r\n",
            false},
           {start + "\r\n{\"done\":tru}", true}}) {
    for (std::size_t i = 0; i <= answer.size(); ++i) {
      for (std::size_t j = i; j <= answer.size(); ++j) {
        const Reading reading =
            Read({answer.substr(0, i), answer.substr(i, j - i), answer.substr(j)}, is_closed);
        ASSERT_TRUE(reading.is_http) << i << ' ' << j << answer;
        ASSERT_TRUE(reading.is_done) << i << ' ' << j << answer;
        ASSERT_EQ(reading.body, "{\"done\":tru}") << i << ' ' << j << answer;
      }
    }
  }
}

TEST(HttpBodyTest, RefusesWhatIsNoHttpAndASecondAnswer) {
  EXPECT_FALSE(Read({"SSH-2.0-OpenSSH\r\n"}, false).is_http);
  EXPECT_FALSE(
      Read({"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\n"}, false).is_http);
  EXPECT_FALSE(Read({"HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x')}, false).is_http);
}

}  // namespace
}  // namespace ollama_bench
