#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "ollama_bench/render/color.h"

namespace ollama_bench {

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
