#include "ollama_bench/render/color.h"

#include <algorithm>
#include <array>
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

namespace {

// Every fifth of the 256 published colours, so that no channel is off by more than 4 of 255.
// cividis: Nunez, Anderton, Renslow, "Optimizing colormaps with consideration for color vision
// deficiency", PLoS ONE 13(7), 2018; table as in matplotlib, CC0.
constexpr std::array kCividis = {
    Rgb(0x00224E), Rgb(0x002656), Rgb(0x002A5F), Rgb(0x002D68), Rgb(0x003070), Rgb(0x083370),
    Rgb(0x163770), Rgb(0x203A6F), Rgb(0x273E6E), Rgb(0x2E416D), Rgb(0x34456C), Rgb(0x3A486C),
    Rgb(0x3F4C6C), Rgb(0x444F6C), Rgb(0x49536C), Rgb(0x4E566C), Rgb(0x535A6D), Rgb(0x575D6D),
    Rgb(0x5C616E), Rgb(0x60646F), Rgb(0x656870), Rgb(0x696B71), Rgb(0x6D6F72), Rgb(0x727274),
    Rgb(0x767676), Rgb(0x7A7A78), Rgb(0x7E7D78), Rgb(0x838179), Rgb(0x888578), Rgb(0x8D8878),
    Rgb(0x928C78), Rgb(0x969077), Rgb(0x9B9476), Rgb(0xA09875), Rgb(0xA59C74), Rgb(0xAAA073),
    Rgb(0xAFA471), Rgb(0xB5A86F), Rgb(0xBAAC6D), Rgb(0xBFB06B), Rgb(0xC4B468), Rgb(0xC9B965),
    Rgb(0xCFBD62), Rgb(0xD4C15F), Rgb(0xDAC65B), Rgb(0xDFCA57), Rgb(0xE5CF52), Rgb(0xEAD34C),
    Rgb(0xF0D846), Rgb(0xF6DD3F), Rgb(0xFCE236), Rgb(0xFEE838)};

// viridis: van der Walt and Smith, 2015; table as in matplotlib, CC0.
constexpr std::array kViridis = {
    Rgb(0x440154), Rgb(0x46085C), Rgb(0x471063), Rgb(0x481769), Rgb(0x481D6F), Rgb(0x482475),
    Rgb(0x472A7A), Rgb(0x46307E), Rgb(0x453781), Rgb(0x433D84), Rgb(0x414287), Rgb(0x3F4889),
    Rgb(0x3D4E8A), Rgb(0x3A538B), Rgb(0x38598C), Rgb(0x355E8D), Rgb(0x33638D), Rgb(0x31688E),
    Rgb(0x2E6D8E), Rgb(0x2C718E), Rgb(0x2A768E), Rgb(0x297B8E), Rgb(0x27808E), Rgb(0x25848E),
    Rgb(0x23898E), Rgb(0x218E8D), Rgb(0x20928C), Rgb(0x1F978B), Rgb(0x1E9C89), Rgb(0x1FA188),
    Rgb(0x21A585), Rgb(0x24AA83), Rgb(0x28AE80), Rgb(0x2EB37C), Rgb(0x35B779), Rgb(0x3DBC74),
    Rgb(0x46C06F), Rgb(0x50C46A), Rgb(0x5AC864), Rgb(0x65CB5E), Rgb(0x70CF57), Rgb(0x7CD250),
    Rgb(0x89D548), Rgb(0x95D840), Rgb(0xA2DA37), Rgb(0xB0DD2F), Rgb(0xBDDF26), Rgb(0xCAE11F),
    Rgb(0xD8E219), Rgb(0xE5E419), Rgb(0xF1E51D), Rgb(0xFDE725)};

// YlOrRd: the nine colours of ColorBrewer 2.0, Cynthia Brewer, Mark Harrower and The Pennsylvania
// State University; Apache License 2.0.
constexpr std::array kYlOrRd = {Rgb(0xFFFFCC), Rgb(0xFFEDA0), Rgb(0xFED976),
                                Rgb(0xFEB24C), Rgb(0xFD8D3C), Rgb(0xFC4E2A),
                                Rgb(0xE31A1C), Rgb(0xBD0026), Rgb(0x800026)};

// RdBu, of the same origin.
constexpr std::array kRdBu = {Rgb(0xB2182B), Rgb(0xEF8A62), Rgb(0xFDDBC7), Rgb(0xF7F7F7),
                              Rgb(0xD1E5F0), Rgb(0x67A9CF), Rgb(0x2166AC)};
constexpr Colormap kDiverging{"RdBu", kRdBu};

constexpr std::array kColormaps = {Colormap{"cividis", kCividis}, Colormap{"viridis", kViridis},
                                   Colormap{"YlOrRd", kYlOrRd}};

std::uint8_t Blend(std::uint8_t from, std::uint8_t to, double share) {
  return static_cast<std::uint8_t>(std::lround(from + (to - from) * share));
}

}  // namespace

Color Colormap::At(double position) const {
  const double place = std::clamp(position, 0.0, 1.0) * static_cast<double>(points.size() - 1);
  const auto index = std::min(static_cast<std::size_t>(place), points.size() - 2);
  const double share = place - static_cast<double>(index);
  const Color& from = points[index];
  const Color& to = points[index + 1];
  return {Blend(from.red, to.red, share), Blend(from.green, to.green, share),
          Blend(from.blue, to.blue, share)};
}

std::span<const Colormap> AllColormaps() {
  return kColormaps;
}

const Colormap& DefaultColormap() {
  return kColormaps.front();
}

const Colormap& DivergingColormap() {
  return kDiverging;
}

std::optional<Colormap> ColormapFromKey(std::string_view key) {
  for (const Colormap& colormap : kColormaps) {
    if (colormap.key == key) return colormap;
  }
  return std::nullopt;
}

}  // namespace ollama_bench
