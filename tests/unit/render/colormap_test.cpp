#include "ollama_bench/render/color.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace ollama_bench {
namespace {

void ExpectNear(Color actual, Color expected, int tolerance) {
  EXPECT_LE(std::abs(actual.red - expected.red), tolerance);
  EXPECT_LE(std::abs(actual.green - expected.green), tolerance);
  EXPECT_LE(std::abs(actual.blue - expected.blue), tolerance);
}

TEST(ColormapTest, FollowsThePublishedColors) {
  struct Published {
    const char* key;
    int index;  // of 0 to 255
    std::uint32_t color;
  };
  // Entries of matplotlib 3.11's tables that are no control points here, and the ends.
  constexpr Published kPublished[] = {
      {"cividis", 0, 0x00224E},   {"cividis", 33, 0x1C396F},  {"cividis", 128, 0x7D7C78},
      {"cividis", 222, 0xDCC859}, {"cividis", 255, 0xFEE838}, {"viridis", 0, 0x440154},
      {"viridis", 63, 0x3B518B},  {"viridis", 128, 0x21918C}, {"viridis", 192, 0x5EC962},
      {"viridis", 255, 0xFDE725}, {"YlOrRd", 0, 0xFFFFCC},    {"YlOrRd", 100, 0xFEAD4A},
      {"YlOrRd", 255, 0x800026}};
  for (const auto& [key, index, color] : kPublished) {
    SCOPED_TRACE(std::string(key) + " " + std::to_string(index));
    ExpectNear(ColormapFromKey(key)->At(index / 255.0), Rgb(color), 4);
  }
}

TEST(ColormapTest, ChangesItsLightnessInOneDirection) {
  for (const Colormap& colormap : AllColormaps()) {
    const double first = RelativeLuminance(colormap.At(0));
    const double direction = RelativeLuminance(colormap.At(1)) > first ? 1 : -1;
    double last = first;
    for (int i = 1; i <= 256; ++i) {
      const double luminance = RelativeLuminance(colormap.At(i / 256.0));
      EXPECT_GE((luminance - last) * direction, -0.002) << colormap.key << " at " << i;
      last = luminance;
    }
  }
}

TEST(ColormapTest, ClampsWhatLiesBeyondItsEnds) {
  const Colormap& colormap = DefaultColormap();
  EXPECT_EQ(colormap.At(-3), colormap.At(0));
  EXPECT_EQ(colormap.At(42), colormap.At(1));
}

TEST(ColormapTest, IsFoundByItsKeyAlone) {
  for (const Colormap& colormap : AllColormaps()) {
    EXPECT_EQ(ColormapFromKey(colormap.key)->key, colormap.key);
  }
  EXPECT_EQ(ColormapFromKey("jet").has_value(), false);
}

}  // namespace
}  // namespace ollama_bench
