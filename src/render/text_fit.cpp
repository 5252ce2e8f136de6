#include "text_fit.h"

#include <algorithm>
#include <sstream>

#include "ollama_bench/core/text.h"

namespace ollama_bench {
namespace {

constexpr std::string_view kEllipsis = "\xE2\x80\xA6";

// Where each character begins, and the end.
std::vector<std::size_t> CharacterStarts(std::string_view text) {
  std::vector<std::size_t> starts{0};
  while (starts.back() < text.size()) {
    const std::size_t length = DecodeUtf8(text.substr(starts.back())).length;
    starts.push_back(starts.back() + std::max<std::size_t>(1, length));
  }
  return starts;
}

std::string WithoutMiddle(std::string_view text, const std::vector<std::size_t>& starts,
                          std::size_t kept) {
  const std::size_t characters = starts.size() - 1;
  const std::size_t tail = kept / 2;
  std::string result(text.substr(0, starts[kept - tail]));
  result += kEllipsis;
  result += text.substr(starts[characters - tail]);
  return result;
}

// With "…" at the end, in place of as many characters as that takes.
std::string MarkedAsCut(const Font& font, std::string_view text, double size, double width) {
  const std::vector<std::size_t> starts = CharacterStarts(text);
  std::string marked;
  for (auto end = starts.rbegin(); end != starts.rend(); ++end) {
    marked = std::string(text.substr(0, *end)) + std::string(kEllipsis);
    if (font.Width(marked, size) <= width) break;
  }
  return marked;
}

}  // namespace

std::string Elide(const Font& font, std::string_view text, double size, double width) {
  if (font.Width(text, size) <= width) return std::string(text);
  if (font.Width(kEllipsis, size) > width) return {};
  const std::vector<std::size_t> starts = CharacterStarts(text);
  std::size_t fits = 0;
  std::size_t too_many = starts.size() - 1;
  while (too_many - fits > 1) {
    const std::size_t middle = (fits + too_many) / 2;
    const bool is_short = font.Width(WithoutMiddle(text, starts, middle), size) <= width;
    (is_short ? fits : too_many) = middle;
  }
  return WithoutMiddle(text, starts, fits);
}

std::vector<std::string> WrapPhrases(const Font& font, const std::vector<std::string>& phrases,
                                     std::string_view separator, double size, double width,
                                     std::size_t most_lines) {
  std::vector<std::string> lines;
  for (const std::string& phrase : phrases) {
    if (!lines.empty()) {
      std::string longer = lines.back() + std::string(separator) + phrase;
      if (font.Width(longer, size) <= width) {
        lines.back() = std::move(longer);
        continue;
      }
    }
    if (lines.size() == most_lines) {
      if (lines.empty()) break;
      lines.back() = MarkedAsCut(font, lines.back(), size, width);
      break;
    }
    lines.push_back(Elide(font, phrase, size, width));
  }
  return lines;
}

std::vector<std::string> WrapWords(const Font& font, std::string_view text, double size,
                                   double width, std::size_t most_lines) {
  std::vector<std::string> words;
  std::istringstream stream{std::string(text)};
  for (std::string word; stream >> word;) words.push_back(word);
  return WrapPhrases(font, words, " ", size, width, most_lines);
}

std::optional<std::string> SubstituteNote(const Font& font, const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    const std::string drawn = font.Drawable(text);
    if (drawn == text) continue;
    const auto differs = std::mismatch(text.begin(), text.end(), drawn.begin(), drawn.end());
    const auto begin = static_cast<std::size_t>(differs.second - drawn.begin());
    const std::size_t length = drawn.find_first_of(" ]", begin) - begin;
    return drawn.substr(begin, length) +
           "] and the like are letters that neither this program's font nor one of this system "
           "has. Draw again after installing such a font, for example Noto Sans CJK.";
  }
  return std::nullopt;
}

}  // namespace ollama_bench
