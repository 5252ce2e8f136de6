#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "ollama_bench/core/expected.h"

namespace ollama_bench {

/// The bytes of DejaVuSans.ttf, which stand in the program itself.
std::span<const unsigned char> EmbeddedFontFile();

/// The measures of the embedded font. Unhinted, so that they are the same at every scale and in
/// every format. Not thread-safe.
class Font {
 public:
  static Expected<Font, std::string> Load();
  ~Font();
  Font(Font&&) noexcept;
  Font& operator=(Font&&) noexcept;

  /// The length of one line at `size`, by the sum of its characters' advances. `text` is UTF-8; a
  /// byte that is none counts as U+FFFD.
  [[nodiscard]] double Width(std::string_view text, double size) const;
  /// The highest and the lowest reach of a line from its baseline, both positive.
  [[nodiscard]] double Ascent(double size) const;
  [[nodiscard]] double Descent(double size) const;
  /// The height of capitals and digits.
  [[nodiscard]] double CapHeight(double size) const;

 private:
  struct Face;
  explicit Font(std::unique_ptr<Face> face);
  std::unique_ptr<Face> face_;
};

}  // namespace ollama_bench
