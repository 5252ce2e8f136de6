#pragma once

#include <functional>
#include <memory>
#include <string_view>

namespace ollama_bench {

/// Takes the body out of one HTTP/1.1 answer as its bytes come, cut anywhere.
class HttpBody {
 public:
  using OnBody = std::function<void(std::string_view part)>;

  /// `on_body` is called from within Feed.
  explicit HttpBody(OnBody on_body);
  HttpBody(HttpBody&&) noexcept;
  HttpBody& operator=(HttpBody&&) noexcept;
  ~HttpBody();

  /// False when the bytes are no HTTP answer, or more than one.
  bool Feed(std::string_view bytes);
  /// The server closed the connection. Whether that ends the answer as HTTP has it.
  bool FeedEnd();
  [[nodiscard]] bool IsDone() const;
  /// Whether the connection can carry another request.
  [[nodiscard]] bool KeepsAlive() const;
  /// 0 before the headers are there.
  [[nodiscard]] int status() const;

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace ollama_bench
