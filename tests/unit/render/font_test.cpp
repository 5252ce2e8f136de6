#include "ollama_bench/render/font.h"

#include <ft2build.h>
#include <gtest/gtest.h>
#include FT_FREETYPE_H

#include <string>

// The configuration that fontconfig reads for itself stays until the program ends.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libfontconfig";
}

namespace ollama_bench {
namespace {

// The sum of advances at a large size in pixels: another way to the same length.
double WidthByFreeType(const std::u32string& text, double size) {
  constexpr unsigned kPixels = 2048;
  FT_Library library = nullptr;
  EXPECT_EQ(FT_Init_FreeType(&library), 0);
  const auto file = EmbeddedFontFile();
  FT_Face face = nullptr;
  EXPECT_EQ(FT_New_Memory_Face(library, file.data(), static_cast<FT_Long>(file.size()), 0, &face),
            0);
  FT_Set_Pixel_Sizes(face, 0, kPixels);
  double width = 0;
  for (const char32_t c : text) {
    EXPECT_EQ(FT_Load_Char(face, c, FT_LOAD_NO_HINTING), 0);
    width += static_cast<double>(face->glyph->linearHoriAdvance) / 65536;
  }
  FT_Done_FreeType(library);
  return width * size / kPixels;
}

TEST(FontTest, MeasuresTextAsFreeTypeScalesIt) {
  const auto font = Font::Load();
  ASSERT_TRUE(font);
  EXPECT_NEAR(font->Width("num_ctx 8192: 84.05", 12), WidthByFreeType(U"num_ctx 8192: 84.05", 12),
              0.01);
  EXPECT_NEAR(font->Width("\xC3\xA9\xE2\x80\xA6\xC2\xB7", 30), WidthByFreeType(U"é…·", 30), 0.01);
}

TEST(FontTest, GrowsInProportionToTheSize) {
  const auto font = Font::Load();
  EXPECT_NEAR(font->Width("OOM", 24), 2 * font->Width("OOM", 12), 1e-9);
  EXPECT_EQ(font->Width("", 12), 0);
  EXPECT_GT(font->Ascent(10), font->CapHeight(10));
  EXPECT_GT(font->Descent(10), 0);
}

TEST(FontTest, ReplacesLettersThatNoFontHasAndLeavesOthersAsTheyAre) {
  const auto font = Font::Load(false);
  EXPECT_EQ(font->Drawable("qwen3:4b Gr\xC3\xB6\xC3\x9F\x65"), "qwen3:4b Gr\xC3\xB6\xC3\x9F\x65");
  EXPECT_EQ(font->Drawable("\xE6\xA8\xA1\xE5\x9E\x8B/a\xF0\xA0\x80\x80"),
            "[U+6A21 U+578B]/a[U+20000]");
  const std::string drawn = font->Drawable("\xE6\xA8\xA1");
  EXPECT_EQ(font->Drawable(drawn), drawn);
}

TEST(FontTest, PartsATextIntoRunsThatAddUpToItAndToItsWidth) {
  for (const bool use_system_fonts : {true, false}) {
    const auto font = Font::Load(use_system_fonts);
    const std::string text =
        "a\xE2\xA4\x80"
        "b\xE6\xA8\xA1 c";
    std::string together;
    double width = 0;
    for (const Font::Run& run : font->RunsOf(text)) {
      together += run.text;
      width += font->Width(run.text, 12);
    }
    EXPECT_EQ(together, text);
    EXPECT_NEAR(width, font->Width(text, 12), 1e-9);
  }
}

TEST(FontTest, CountsBytesThatAreNoTextAsReplacementCharacters) {
  const auto font = Font::Load();
  EXPECT_EQ(font->Width("\xFF\xFE", 12), font->Width("\xEF\xBF\xBD\xEF\xBF\xBD", 12));
}

}  // namespace
}  // namespace ollama_bench
