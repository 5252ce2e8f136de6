#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace ollama_bench {

/// Keeps the last `kLimit` bytes of a stream of any length in at most twice that memory.
class TailBuffer {
 public:
  static constexpr std::size_t kLimit = std::size_t{64} * 1024;

  void Append(std::string_view bytes) {
    text_ += bytes;
    if (text_.size() > 2 * kLimit) text_.erase(0, text_.size() - kLimit);
  }
  [[nodiscard]] std::string Take() {
    if (text_.size() > kLimit) text_.erase(0, text_.size() - kLimit);
    return std::move(text_);
  }

 private:
  std::string text_;
};

}  // namespace ollama_bench
