#include "terminal_text.h"

#include <cstddef>

namespace ollama_bench {
namespace {

constexpr char kEscape = '\x1b';
constexpr char kBell = '\x07';

unsigned char ByteAt(std::string_view text, std::size_t i) {
  return static_cast<unsigned char>(text[i]);
}

// ECMA-48 5.4: parameter bytes 30-3F, intermediate bytes 20-2F, one final byte 40-7E. A sequence
// that is cut off or broken ends where it stops following that form, so no text is swallowed.
std::size_t CsiLength(std::string_view text) {
  std::size_t i = 2;
  while (i < text.size() && ByteAt(text, i) >= 0x20 && ByteAt(text, i) <= 0x3F) ++i;
  if (i < text.size() && ByteAt(text, i) >= 0x40 && ByteAt(text, i) <= 0x7E) ++i;
  return i;
}

// An operating system command runs to BEL or ESC \; an unfinished one ends with its line.
std::size_t OscLength(std::string_view text) {
  for (std::size_t i = 2; i < text.size(); ++i) {
    if (text[i] == kBell) return i + 1;
    if (text[i] == kEscape) return i + 1 < text.size() && text[i + 1] == '\\' ? i + 2 : i;
    if (text[i] == '\n') return i;
  }
  return text.size();
}

std::size_t EscapeLength(std::string_view text) {
  if (text.size() < 2) return 1;
  if (text[1] == '[') return CsiLength(text);
  if (text[1] == ']') return OscLength(text);
  return text[1] >= 0x20 && text[1] <= 0x7E ? 2 : 1;
}

// U+2800 to U+28FF: E2 A0..A3 80..BF.
bool StartsWithBraille(std::string_view text) {
  return text.size() >= 3 && ByteAt(text, 0) == 0xE2 && ByteAt(text, 1) >= 0xA0 &&
         ByteAt(text, 1) <= 0xA3 && (ByteAt(text, 2) & 0xC0U) == 0x80U;
}

}  // namespace

std::string StripControlSequences(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const unsigned char first = ByteAt(text, 0);
    std::size_t skipped = 0;
    if (text.front() == kEscape) {
      skipped = EscapeLength(text);
    } else if (StartsWithBraille(text)) {
      skipped = 3;
    } else if ((first < 0x20 && first != '\n') || first == 0x7F) {
      skipped = 1;
    }
    if (skipped == 0) {
      out += text.front();
      skipped = 1;
    }
    text.remove_prefix(skipped);
  }
  return out;
}

}  // namespace ollama_bench
