#include "ollama_bench/render/color.h"

#include <gtest/gtest.h>

#include <cmath>

namespace ollama_bench {
namespace {

TEST(ColorTest, HasTheContrastThatWcagNames) {
  EXPECT_NEAR(ContrastRatio(Rgb(0x000000), Rgb(0xFFFFFF)), 21, 1e-9);
  EXPECT_NEAR(ContrastRatio(Rgb(0x336699), Rgb(0x336699)), 1, 1e-9);
  EXPECT_NEAR(ContrastRatio(Rgb(0x777777), Rgb(0xFFFFFF)), 4.48, 0.005);
  EXPECT_EQ(ContrastRatio(Rgb(0xFF0000), Rgb(0x0000FF)),
            ContrastRatio(Rgb(0x0000FF), Rgb(0xFF0000)));
}

TEST(ColorTest, WritesWhiteOnDarkAndBlackOnLight) {
  EXPECT_EQ(ReadableOn(Rgb(0x00224E)), Rgb(0xFFFFFF));
  EXPECT_EQ(ReadableOn(Rgb(0xFEE838)), Rgb(0x000000));
}

TEST(ColorTest, MakesTextReadableOnEveryColorOfEveryColormap) {
  for (const Colormap& colormap : AllColormaps()) {
    for (int i = 0; i <= 1000; ++i) {
      const Color color = colormap.At(i / 1000.0);
      EXPECT_GE(ContrastRatio(color, ReadableOn(color)), 4.5) << colormap.key << " at " << i;
    }
  }
}

TEST(ColorTest, PlacesGreysOnTheLightnessAxisOfOklab) {
  EXPECT_NEAR(ToOklab(Rgb(0xFFFFFF)).lightness, 1, 1e-4);
  EXPECT_NEAR(ToOklab(Rgb(0x000000)).lightness, 0, 1e-9);
  const Oklab grey = ToOklab(Rgb(0x808080));
  EXPECT_NEAR(std::hypot(grey.a, grey.b), 0, 1e-4);
  // The published value of pure red.
  EXPECT_NEAR(ToOklab(Rgb(0xFF0000)).lightness, 0.628, 5e-4);
}

}  // namespace
}  // namespace ollama_bench
