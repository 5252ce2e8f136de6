#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "ollama_bench/render/color.h"

namespace ollama_bench {

enum class ColorDepth { kNone, k256, kTrueColor };

/// What a text may use.
struct TerminalStyle {
  std::size_t width = 80;  ///< columns
  ColorDepth color = ColorDepth::kNone;
  Colormap colormap = DefaultColormap();
};

/// The entry of xterm's 256 colours (the 6 x 6 x 6 cube and the greys) nearest to `color` for
/// the eye, and the colour that it shows.
struct PaletteEntry {
  int index = 0;
  Color color;
};
PaletteEntry NearestPaletteEntry(Color color);

/// `text` on `background` with a readable foreground; unchanged where there is no colour.
std::string OnBackground(std::string_view text, Color background, bool bold, ColorDepth depth);
/// `text` in bold; unchanged where there is no colour.
std::string Bold(std::string_view text, ColorDepth depth);
/// `text` less prominent; unchanged where there is no colour.
std::string Dim(std::string_view text, ColorDepth depth);

}  // namespace ollama_bench
