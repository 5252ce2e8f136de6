#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace ollama_bench {

/// An opaque sRGB colour.
struct Color {
  std::uint8_t red = 0;
  std::uint8_t green = 0;
  std::uint8_t blue = 0;

  friend bool operator==(const Color&, const Color&) = default;
};

/// "0x440154" as written in a style sheet.
constexpr Color Rgb(std::uint32_t hex) {
  return {static_cast<std::uint8_t>(hex >> 16U & 0xFFU),
          static_cast<std::uint8_t>(hex >> 8U & 0xFFU), static_cast<std::uint8_t>(hex & 0xFFU)};
}

/// 0 for black to 1 for white: WCAG 2.1, "relative luminance".
double RelativeLuminance(Color color);
/// 1 for equal colours to 21 for black on white: WCAG 2.1, "contrast ratio".
double ContrastRatio(Color a, Color b);
/// Black or white, whichever has the higher contrast on `background`.
Color ReadableOn(Color background);

/// A colour where equal distances look about equal: Ottosson, "A perceptual color space for image
/// processing", 2020.
struct Oklab {
  double lightness = 0;
  double a = 0;  ///< green to red
  double b = 0;  ///< blue to yellow
};
Oklab ToOklab(Color color);

/// A way from values to colours, by colours at even distances and straight lines between them.
struct Colormap {
  std::string_view key;  ///< on the command line: "cividis"
  std::span<const Color> points;

  /// The colour at `position`, 0 for the lowest value to 1 for the highest; clamped to that.
  [[nodiscard]] Color At(double position) const;
};

/// cividis (the default, made for all kinds of colour vision), viridis and YlOrRd.
std::span<const Colormap> AllColormaps();
const Colormap& DefaultColormap();
/// For changes, not for choice on the command line: red for worse, nearly white for none, blue for
/// better.
const Colormap& DivergingColormap();
std::optional<Colormap> ColormapFromKey(std::string_view key);

}  // namespace ollama_bench
