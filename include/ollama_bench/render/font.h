#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ollama_bench/core/expected.h"

namespace ollama_bench {

/// The bytes of DejaVuSans.ttf, which are part of the program itself.
std::span<const unsigned char> EmbeddedFontFile();

/// A font on the disk: a file, and which of the fonts in it.
struct FontFile {
  std::string path;
  int index = 0;

  friend bool operator==(const FontFile&, const FontFile&) = default;
};

/// The measures of the embedded font, and of fonts of the system for letters that it lacks.
/// Unhinted, so that they are the same at every scale and in every format. Not thread-safe.
class Font {
 public:
  /// Without `use_system_fonts` there is the embedded font alone.
  static Expected<Font, std::string> Load(bool use_system_fonts = true);
  ~Font();
  Font(Font&&) noexcept;
  Font& operator=(Font&&) noexcept;

  /// The length of one line at `size`, by the sum of its characters' advances. `text` is UTF-8; a
  /// byte that is none counts as U+FFFD.
  [[nodiscard]] double Width(std::string_view text, double size) const;
  /// `text` as it can be drawn: with "[U+6A21 U+578B]" for letters that no font has.
  [[nodiscard]] std::string Drawable(std::string_view text) const;
  /// The letters that Drawable has met and no font has, each once.
  [[nodiscard]] std::vector<std::string> Missing() const;
  /// A part of a text whose letters are all of one font.
  struct Run {
    std::string text;
    std::optional<FontFile> file;  ///< empty: the embedded font
  };
  [[nodiscard]] std::vector<Run> RunsOf(std::string_view text) const;
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
