#pragma once

#include <cstddef>
#include <istream>
#include <string>
#include <string_view>

namespace ollama_bench {

/// The bytes of a stream, of which some can be looked at before they are taken.
class ByteSource {
 public:
  explicit ByteSource(std::istream& in) : in_(in) {}

  /// Up to `count` bytes without taking them.
  std::string_view Peek(std::size_t count);
  void Skip(std::size_t count) { at_ += count; }
  /// The next byte, -1 at the end.
  int Take() {
    if (at_ == buffer_.size() && !Fill()) return -1;
    return static_cast<unsigned char>(buffer_[at_++]);
  }

  enum class Line { kWhole, kTooLong, kNone };
  /// The next line without its end; of one that is too long, nothing.
  Line TakeLine(std::string& line);
  /// Of the line that was taken last, from 1.
  [[nodiscard]] std::size_t line_number() const { return line_number_; }

 private:
  // Replaces the buffer, all of which was taken.
  bool Fill();

  std::istream& in_;
  std::string buffer_;
  std::size_t at_ = 0;  ///< what precedes was taken
  std::size_t line_number_ = 0;
};

}  // namespace ollama_bench
