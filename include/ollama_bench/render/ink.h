#pragma once

#include <optional>
#include <string_view>

#include "ollama_bench/render/color.h"

namespace ollama_bench {

enum class Theme { kLight, kDark };

/// "light" or "dark"; empty for any other text.
constexpr std::optional<Theme> ThemeFromKey(std::string_view key) {
  if (key == "light") return Theme::kLight;
  if (key == "dark") return Theme::kDark;
  return std::nullopt;
}

/// A colour of a picture, which may differ between the themes.
struct Ink {
  Color light;
  Color dark;

  Ink() = default;
  constexpr Ink(Color both) : light(both), dark(both) {}  // NOLINT: a colour is an ink
  constexpr Ink(Color on_light, Color on_dark) : light(on_light), dark(on_dark) {}

  [[nodiscard]] constexpr Color In(Theme theme) const {
    return theme == Theme::kLight ? light : dark;
  }
  friend bool operator==(const Ink&, const Ink&) = default;
};

/// Black or white in each theme, whichever has the higher contrast on `background`.
inline Ink ReadableOn(const Ink& background) {
  return {ReadableOn(background.light), ReadableOn(background.dark)};
}

}  // namespace ollama_bench
