#include "ollama_bench/render/font.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <utility>

#include "free_type_face.h"
#include "ollama_bench/core/text.h"
#include "system_font.h"

namespace ollama_bench {
namespace {

constexpr double kCapHeight = 0.729;  // of DejaVu Sans, in em; the file does not say it
constexpr std::uint32_t kReplacementCharacter = 0xFFFD;

struct Letter {
  std::uint32_t code_point = 0;
  std::string_view bytes;
};

// Takes the first letter off `text`, which must not be empty.
Letter TakeLetter(std::string_view& text) {
  const DecodedCharacter character = DecodeUtf8(text);
  const std::size_t length = std::max<std::size_t>(1, character.length);
  const Letter letter{character.length == 0 ? kReplacementCharacter : character.code_point,
                      text.substr(0, length)};
  text.remove_prefix(length);
  return letter;
}

bool HasLetter(FT_Face face, std::uint32_t code_point) {
  return FT_Get_Char_Index(face, code_point) != 0;
}

double AdvanceIn(FT_Face face, std::uint32_t code_point) {
  if (FT_Load_Char(face, code_point, FT_LOAD_NO_SCALE) != 0) return 0;
  return static_cast<double>(face->glyph->advance.x) / face->units_per_EM;
}

}  // namespace

struct Font::Face {
  struct SystemFont {
    FontFile file;
    FreeTypeFace face;
  };

  FreeTypeFace embedded;
  bool use_system_fonts = true;
  std::array<double, 128> ascii_advances{};          // in em
  std::vector<std::unique_ptr<SystemFont>> system;   // those that were needed so far
  std::map<std::uint32_t, const SystemFont*> known;  // of letters that `embedded` lacks
  std::map<std::uint32_t, std::string> missing;      // that were to be drawn

  // Null where no font of the system has the letter.
  const SystemFont* SystemFontFor(std::uint32_t code_point) {
    if (!use_system_fonts) return nullptr;
    const auto found = known.find(code_point);
    if (found != known.end()) return found->second;
    const SystemFont* font = FindSystem(code_point);
    known.emplace(code_point, font);
    return font;
  }

  [[nodiscard]] double Advance(std::uint32_t code_point) {
    if (!HasLetter(embedded.get(), code_point)) {
      const SystemFont* font = SystemFontFor(code_point);
      if (font != nullptr) return AdvanceIn(font->face.get(), code_point);
    }
    return AdvanceIn(embedded.get(), code_point);
  }

 private:
  const SystemFont* FindSystem(std::uint32_t code_point) {
    // Letters of one text are mostly of one script, and asking the system takes its time.
    for (const auto& font : system) {
      if (HasLetter(font->face.get(), code_point)) return font.get();
    }
    const auto file = FindSystemFont(code_point);
    if (!file) return nullptr;
    auto face = FreeTypeFace::Load(file);
    if (!face || !FT_IS_SCALABLE(face->get()) || !HasLetter(face->get(), code_point)) {
      return nullptr;
    }
    system.push_back(std::make_unique<SystemFont>(SystemFont{*file, std::move(*face)}));
    return system.back().get();
  }
};

Expected<Font, std::string> Font::Load(bool use_system_fonts) {
  auto embedded = FreeTypeFace::Load(std::nullopt);
  if (!embedded) return Unexpected<std::string>(embedded.error());
  auto face = std::make_unique<Face>(Face{std::move(*embedded), use_system_fonts, {}, {}, {}, {}});
  for (std::uint32_t i = 0; i < face->ascii_advances.size(); ++i) {
    face->ascii_advances[i] = AdvanceIn(face->embedded.get(), i);
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
    const std::uint32_t code_point = TakeLetter(text).code_point;
    width += code_point < face_->ascii_advances.size() ? face_->ascii_advances[code_point]
                                                       : face_->Advance(code_point);
  }
  return width * size;
}

std::string Font::Drawable(std::string_view text) const {
  std::string drawable;
  bool is_open = false;
  while (!text.empty()) {
    const Letter letter = TakeLetter(text);
    const bool has_font = letter.code_point < face_->ascii_advances.size() ||
                          HasLetter(face_->embedded.get(), letter.code_point) ||
                          face_->SystemFontFor(letter.code_point) != nullptr;
    if (has_font) {
      if (is_open) drawable += ']';
      drawable += letter.bytes;
    } else {
      face_->missing.emplace(letter.code_point, letter.bytes);
      drawable += fmt::format("{}U+{:04X}", is_open ? " " : "[", letter.code_point);
    }
    is_open = !has_font;
  }
  return is_open ? drawable + ']' : drawable;
}

std::vector<std::string> Font::Missing() const {
  std::vector<std::string> letters;
  for (const auto& [code_point, letter] : face_->missing) letters.push_back(letter);
  return letters;
}

std::vector<Font::Run> Font::RunsOf(std::string_view text) const {
  std::vector<Run> runs;
  while (!text.empty()) {
    const Letter letter = TakeLetter(text);
    std::optional<FontFile> file;
    if (!HasLetter(face_->embedded.get(), letter.code_point)) {
      const Face::SystemFont* font = face_->SystemFontFor(letter.code_point);
      if (font != nullptr) file = font->file;
    }
    if (runs.empty() || runs.back().file != file) runs.push_back({{}, file});
    runs.back().text += letter.bytes;
  }
  return runs;
}

double Font::Ascent(double size) const {
  FT_Face face = face_->embedded.get();
  return size * face->ascender / face->units_per_EM;
}

double Font::Descent(double size) const {
  FT_Face face = face_->embedded.get();
  return size * -face->descender / face->units_per_EM;
}

double Font::CapHeight(double size) const {
  return kCapHeight * size;
}

}  // namespace ollama_bench
