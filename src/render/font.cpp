#include "ollama_bench/render/font.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "free_type_face.h"
#include "ollama_bench/core/utf8.h"

namespace ollama_bench {

struct Font::Face {
  FreeTypeFace free_type;
  std::array<double, 128> ascii_advances{};  // in em

  [[nodiscard]] double Advance(std::uint32_t code_point) const {
    FT_Face face = free_type.get();
    if (FT_Load_Char(face, code_point, FT_LOAD_NO_SCALE) != 0) return 0;
    return static_cast<double>(face->glyph->advance.x) / face->units_per_EM;
  }
};

namespace {

constexpr double kCapHeight = 0.729;  // of DejaVu Sans, in em; the file does not say it
constexpr std::uint32_t kReplacementCharacter = 0xFFFD;

}  // namespace

Expected<Font, std::string> Font::Load() {
  auto free_type = FreeTypeFace::Load(EmbeddedFontFile());
  if (!free_type) return Unexpected<std::string>(free_type.error());
  auto face = std::make_unique<Face>(Face{std::move(*free_type), {}});
  for (std::uint32_t i = 0; i < face->ascii_advances.size(); ++i) {
    face->ascii_advances[i] = face->Advance(i);
  }
  return Font(std::move(face));
}

Font::Font(std::unique_ptr<Face> face) : face_(std::move(face)) {}
Font::~Font() = default;
Font::Font(Font&&) noexcept = default;
Font& Font::operator=(Font&&) noexcept = default;

double Font::Width(std::string_view text, double size) const {
  double width = 0;
  while (!text.empty()) {
    const DecodedCharacter character = DecodeUtf8(text);
    const std::uint32_t code_point =
        character.length == 0 ? kReplacementCharacter : character.code_point;
    width += code_point < face_->ascii_advances.size() ? face_->ascii_advances[code_point]
                                                       : face_->Advance(code_point);
    text.remove_prefix(std::max<std::size_t>(1, character.length));
  }
  return width * size;
}

double Font::Ascent(double size) const {
  FT_Face face = face_->free_type.get();
  return size * face->ascender / face->units_per_EM;
}

double Font::Descent(double size) const {
  FT_Face face = face_->free_type.get();
  return size * -face->descender / face->units_per_EM;
}

double Font::CapHeight(double size) const {
  return kCapHeight * size;
}

}  // namespace ollama_bench
