#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ollama_bench/render/font.h"

namespace ollama_bench {

/// `text` if it is no longer than `width`, else its beginning and its end around "…": names of
/// models differ at both. Empty where not even "…" fits.
std::string Elide(const Font& font, std::string_view text, double size, double width);

/// The phrases joined by `separator` into lines no longer than `width`; a phrase that is too long
/// for a line is elided. At most `most_lines`; what does not fit is left out and marked by "…".
std::vector<std::string> WrapPhrases(const Font& font, const std::vector<std::string>& phrases,
                                     std::string_view separator, double size, double width,
                                     std::size_t most_lines);

/// The same for a sentence, broken between its words.
std::vector<std::string> WrapWords(const Font& font, std::string_view text, double size,
                                   double width, std::size_t most_lines);

/// What the first "[U+6A21]" in the drawn `texts` means; empty where every letter has a font.
std::optional<std::string> SubstituteNote(const Font& font, const std::vector<std::string>& texts);

}  // namespace ollama_bench
