#include "ollama_bench/render/terminal_style.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace ollama_bench {
namespace {

constexpr std::array<std::uint8_t, 6> kCubeLevels = {0, 95, 135, 175, 215, 255};
constexpr int kFirstOfCube = 16;  // the 16 before it look different in every terminal
constexpr int kGreys = 24;

struct PlacedEntry {
  PaletteEntry entry;
  Oklab place;
};

std::vector<PlacedEntry> MakePalette() {
  std::vector<PlacedEntry> palette;
  const auto add = [&palette](Color color) {
    const int index = kFirstOfCube + static_cast<int>(palette.size());
    palette.push_back({{index, color}, ToOklab(color)});
  };
  for (const std::uint8_t red : kCubeLevels) {
    for (const std::uint8_t green : kCubeLevels) {
      for (const std::uint8_t blue : kCubeLevels) add({red, green, blue});
    }
  }
  for (int i = 0; i < kGreys; ++i) {
    const auto level = static_cast<std::uint8_t>(8 + 10 * i);
    add({level, level, level});
  }
  return palette;
}

// A wrong hue between two right ones catches the eye more than a step in lightness does, so hue and
// saturation weigh twice.
double Distance(const Oklab& x, const Oklab& y) {
  return std::hypot(x.lightness - y.lightness, 2 * (x.a - y.a), 2 * (x.b - y.b));
}

std::string Sequence(int layer, Color color, ColorDepth depth) {
  if (depth == ColorDepth::kTrueColor) {
    return fmt::format("{};2;{};{};{}", layer, color.red, color.green, color.blue);
  }
  return fmt::format("{};5;{}", layer, NearestPaletteEntry(color).index);
}

}  // namespace

PaletteEntry NearestPaletteEntry(Color color) {
  static const std::vector<PlacedEntry> palette = MakePalette();
  const Oklab place = ToOklab(color);
  return std::min_element(palette.begin(), palette.end(),
                          [&place](const PlacedEntry& x, const PlacedEntry& y) {
                            return Distance(x.place, place) < Distance(y.place, place);
                          })
      ->entry;
}

std::string OnBackground(std::string_view text, Color background, bool bold, ColorDepth depth) {
  if (depth == ColorDepth::kNone) return std::string(text);
  const Color shown =
      depth == ColorDepth::k256 ? NearestPaletteEntry(background).color : background;
  constexpr int kForeground = 38;
  constexpr int kBackground = 48;
  return fmt::format("\x1b[{}{};{}m{}\x1b[0m", bold ? "1;" : "",
                     Sequence(kBackground, shown, depth),
                     Sequence(kForeground, ReadableOn(shown), depth), text);
}

std::string Bold(std::string_view text, ColorDepth depth) {
  if (depth == ColorDepth::kNone) return std::string(text);
  return fmt::format("\x1b[1m{}\x1b[0m", text);
}

std::string Dim(std::string_view text, ColorDepth depth) {
  if (depth == ColorDepth::kNone) return std::string(text);
  return fmt::format("\x1b[2m{}\x1b[0m", text);
}

}  // namespace ollama_bench
