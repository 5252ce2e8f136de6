#include "ollama_bench/render/color.h"

#include <algorithm>
#include <cmath>

namespace ollama_bench {
namespace {

double Linear(std::uint8_t channel) {
  const double value = channel / 255.0;
  return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
}

}  // namespace

double RelativeLuminance(Color color) {
  return 0.2126 * Linear(color.red) + 0.7152 * Linear(color.green) + 0.0722 * Linear(color.blue);
}

double ContrastRatio(Color a, Color b) {
  const auto [darker, lighter] = std::minmax({RelativeLuminance(a), RelativeLuminance(b)});
  return (lighter + 0.05) / (darker + 0.05);
}

Color ReadableOn(Color background) {
  constexpr Color kBlack = Rgb(0x000000);
  constexpr Color kWhite = Rgb(0xFFFFFF);
  return ContrastRatio(kBlack, background) >= ContrastRatio(kWhite, background) ? kBlack : kWhite;
}

Oklab ToOklab(Color color) {
  const double red = Linear(color.red);
  const double green = Linear(color.green);
  const double blue = Linear(color.blue);
  const double l = std::cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue);
  const double m = std::cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue);
  const double s = std::cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue);
  return {0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
          1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
          0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s};
}

}  // namespace ollama_bench
