#include "system_font.h"

#include <fontconfig/fontconfig.h>

#include <memory>

namespace ollama_bench {
namespace {

struct PatternDeleter {
  void operator()(FcPattern* pattern) const { FcPatternDestroy(pattern); }
};
using Pattern = std::unique_ptr<FcPattern, PatternDeleter>;

struct CharSetDeleter {
  void operator()(FcCharSet* set) const { FcCharSetDestroy(set); }
};

Pattern PatternFor(std::uint32_t code_point) {
  const std::unique_ptr<FcCharSet, CharSetDeleter> letters(FcCharSetCreate());
  FcCharSetAddChar(letters.get(), code_point);
  Pattern pattern(FcPatternCreate());
  FcPatternAddString(pattern.get(), FC_FAMILY, reinterpret_cast<const FcChar8*>("DejaVu Sans"));
  FcPatternAddCharSet(pattern.get(), FC_CHARSET, letters.get());
  FcPatternAddBool(pattern.get(), FC_SCALABLE, FcTrue);
  // A colour font has pictures in place of outlines.
  FcPatternAddBool(pattern.get(), FC_COLOR, FcFalse);
  FcConfigSubstitute(nullptr, pattern.get(), FcMatchPattern);
  FcDefaultSubstitute(pattern.get());
  return pattern;
}

// The nearest match may be one without the letter.
bool Serves(FcPattern* font, std::uint32_t code_point) {
  FcCharSet* letters = nullptr;
  FcBool is_scalable = FcFalse;
  FcBool has_color = FcFalse;
  FcPatternGetBool(font, FC_COLOR, 0, &has_color);
  return FcPatternGetCharSet(font, FC_CHARSET, 0, &letters) == FcResultMatch &&
         FcCharSetHasChar(letters, code_point) != 0 &&
         FcPatternGetBool(font, FC_SCALABLE, 0, &is_scalable) == FcResultMatch &&
         is_scalable != 0 && has_color == 0;
}

}  // namespace

std::optional<FontFile> FindSystemFont(std::uint32_t code_point) {
  const Pattern pattern = PatternFor(code_point);
  FcResult result = FcResultNoMatch;
  const Pattern font(FcFontMatch(nullptr, pattern.get(), &result));
  if (!font || !Serves(font.get(), code_point)) return std::nullopt;
  FcChar8* path = nullptr;
  int index = 0;
  if (FcPatternGetString(font.get(), FC_FILE, 0, &path) != FcResultMatch) return std::nullopt;
  FcPatternGetInteger(font.get(), FC_INDEX, 0, &index);
  return FontFile{reinterpret_cast<const char*>(path), index};
}

}  // namespace ollama_bench
