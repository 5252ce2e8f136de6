#include "byte_source.h"

#include <algorithm>

namespace ollama_bench {
namespace {

constexpr std::size_t kReadSize = std::size_t{1} << 18U;
constexpr std::size_t kLongestLine = std::size_t{64} << 20U;

}  // namespace

bool ByteSource::Fill() {
  buffer_.resize(kReadSize);
  at_ = 0;
  in_.read(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
  buffer_.resize(static_cast<std::size_t>(in_.gcount()));
  return !buffer_.empty();
}

std::string_view ByteSource::Peek(std::size_t count) {
  // Only at the start, where a pipe may give little at a time.
  while (buffer_.size() - at_ < count && in_) {
    const std::size_t had = buffer_.size();
    buffer_.resize(had + count);
    in_.read(buffer_.data() + had, static_cast<std::streamsize>(count));
    buffer_.resize(had + static_cast<std::size_t>(in_.gcount()));
  }
  return std::string_view(buffer_).substr(at_, count);
}

ByteSource::Line ByteSource::TakeLine(std::string& line) {
  line.clear();
  bool is_too_long = false;
  bool has_any = false;
  while (at_ < buffer_.size() || Fill()) {
    has_any = true;
    const std::size_t end = buffer_.find('\n', at_);
    const std::size_t count = std::min(end, buffer_.size()) - at_;
    is_too_long = is_too_long || line.size() + count > kLongestLine;
    if (is_too_long) {
      line.clear();
    } else {
      line.append(buffer_, at_, count);
    }
    at_ += count;
    if (end == std::string::npos) continue;
    ++at_;
    break;
  }
  if (!has_any) return Line::kNone;
  ++line_number_;
  return is_too_long ? Line::kTooLong : Line::kWhole;
}

}  // namespace ollama_bench
