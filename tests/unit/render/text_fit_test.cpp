#include "text_fit.h"

#include <gtest/gtest.h>

#include "ollama_bench/core/text.h"

namespace ollama_bench {
namespace {

TEST(TextFitTest, KeepsTheBeginningAndTheEndOfALongNameWithinTheWidth) {
  const auto font = Font::Load();
  const std::string name = "hf.co/someone/" + std::string(200, 'x') + "-GGUF:Q4_K_M";
  for (double width = 15; width < 400; width += 7) {
    const std::string elided = Elide(*font, name, 12, width);
    EXPECT_LE(font->Width(elided, 12), width);
    EXPECT_NE(elided.find("\xE2\x80\xA6"), std::string::npos);
    // One more character would not have fit.
    EXPECT_GT(font->Width(elided, 12) + font->Width("W", 12), width);
  }
  const std::string elided = Elide(*font, name, 12, 200);
  EXPECT_EQ(elided.substr(0, 6), "hf.co/");
  EXPECT_EQ(elided.substr(elided.size() - 6), "Q4_K_M");
}

TEST(TextFitTest, LeavesAloneWhatFitsAndGivesUpWhereNothingDoes) {
  const auto font = Font::Load();
  EXPECT_EQ(Elide(*font, "qwen3", 12, font->Width("qwen3", 12)), "qwen3");
  EXPECT_EQ(Elide(*font, "qwen3", 12, 1), "");
}

TEST(TextFitTest, CutsBetweenCharactersOnly) {
  const auto font = Font::Load();
  std::string name;
  for (int i = 0; i < 40; ++i) name += "\xC3\xBC\xE2\x82\xAC";
  for (double width = 15; width < 300; width += 3) {
    const std::string elided = Elide(*font, name, 12, width);
    for (std::size_t i = 0; i < elided.size();) {
      const std::size_t length = DecodeUtf8(elided.substr(i)).length;
      ASSERT_GT(length, 0U) << elided;
      i += length;
    }
  }
}

TEST(TextFitTest, WrapsPhrasesIntoAsFewLinesAsTheyNeed) {
  const auto font = Font::Load();
  const std::vector<std::string> phrases = {"one", "two", "three"};
  EXPECT_EQ(WrapPhrases(*font, phrases, " / ", 12, 1000, 3),
            (std::vector<std::string>{"one / two / three"}));
  const double width = font->Width("one / two", 12);
  EXPECT_EQ(WrapPhrases(*font, phrases, " / ", 12, width, 3),
            (std::vector<std::string>{"one / two", "three"}));
}

TEST(TextFitTest, MarksThatPhrasesWereLeftOut) {
  const auto font = Font::Load();
  const std::vector<std::string> phrases = {"one", "two", "three"};
  const double width = font->Width("three", 12);
  EXPECT_EQ(WrapPhrases(*font, phrases, " / ", 12, width, 2),
            (std::vector<std::string>{"one", "tw\xE2\x80\xA6"}));
  EXPECT_EQ(WrapPhrases(*font, {"three", "three"}, " / ", 12, width, 1),
            (std::vector<std::string>{"thr\xE2\x80\xA6"}));
}

}  // namespace
}  // namespace ollama_bench
